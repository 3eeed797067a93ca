# A member closes: its partitions moved until just before.
0s..30s  Stable
10s      poll Stable gen=3 a:0+ b:1+
20s      poll Stable gen=3 a:0+ b:1+
30s      poll Stable gen=3 a:0+ b:1+
31s..33s Stable
34s      PreparingRebalance
35s..40s Stable
40s      poll Stable gen=4 a:0,1+
--
40s: 34s to 35s (1s), success, member_left, up to 4, +0 -1: left: b@10.0.0.1; it committed until it left
1 rebalances in 1s, unplanned 1, leaves 1
