# Nobody saw how the rebalance ended.
0s..10s  Stable
10s      poll Stable gen=3 a:0 b:1
11s..12s PreparingRebalance
13s..40s refused
41s..50s Stable
50s      poll Stable gen=4 a:0 b:1 c:2
--
50s: 11s to 12s (29s), unknown, member_joined, up to 4, +1 -0: joined: c@10.0.0.1
1 rebalances in 1s, unplanned 1, joins 1
