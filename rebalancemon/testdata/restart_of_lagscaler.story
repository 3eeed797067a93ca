# lagscaler restarts: first sight of a group adds nothing.
0s..10s  Stable
10s      poll Stable gen=3 a:0 b:1
11s      PreparingRebalance
12s..20s Stable
20s      poll Stable gen=4 a:0 b:1 c:2
21s      restart
22s..30s Stable
30s      poll Stable gen=4 a:0 b:1 c:2
31s..40s Stable
40s      poll Stable gen=4 a:0 b:1 c:2
--
20s: 11s to 12s (1s), success, member_joined, up to 4, +1 -0: joined: c@10.0.0.1
1 rebalances in 1s, unplanned 1, joins 1
0 rebalances in 0s
