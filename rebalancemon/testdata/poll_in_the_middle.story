# A poll finds the group rebalancing, so that members are carried over: it tells nothing yet.
0s..10s  Stable
10s      poll Stable gen=3 a:0 b:1
11s..18s Stable
19s..21s PreparingRebalance
20s      poll PreparingRebalance gen=3 a:0 b:1
22s..30s Stable
30s      poll Stable gen=4 a:0 b:1 c:2
--
30s: 19s to 22s (1s), success, member_joined, up to 4, +1 -0: joined: c@10.0.0.1
1 rebalances in 3s, unplanned 1, joins 1
