# A member is killed at about 31 s: its partitions stand still until the session times out at 76 s.
0s..30s  Stable
10s      poll Stable gen=3 a:0+ b:1+
20s      poll Stable gen=3 a:0+ b:1+
30s      poll Stable gen=3 a:0+ b:1+
31s..75s Stable
40s      poll Stable gen=3 a:0+ b:1!
50s      poll Stable gen=3 a:0+ b:1!
60s      poll Stable gen=3 a:0+ b:1!
70s      poll Stable gen=3 a:0+ b:1!
76s      PreparingRebalance
77s..80s Stable
80s      poll Stable gen=4 a:0,1+
--
1m20s: 1m16s to 1m17s (1s), success, member_timeout, up to 4, +0 -1: gone: b@10.0.0.1; records waited and its partitions had stood still for 45s
1 rebalances in 1s, unplanned 1, leaves 1
