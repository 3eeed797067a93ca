# A member goes while there was nothing to read: whether it left or timed out cannot be told.
0s..30s  Stable
10s      poll Stable gen=3 a:0+ b:1+
20s      poll Stable gen=3 a:0 b:1
30s      poll Stable gen=3 a:0 b:1
31s..55s Stable
40s      poll Stable gen=3 a:0 b:1
50s      poll Stable gen=3 a:0 b:1
56s      PreparingRebalance
57s..60s Stable
60s      poll Stable gen=4 a:0,1
--
1m0s: 56s to 57s (1s), success, unknown, up to 4, +0 -1: gone: b@10.0.0.1; whether it left or timed out cannot be told
1 rebalances in 1s, unplanned 1, leaves 1
