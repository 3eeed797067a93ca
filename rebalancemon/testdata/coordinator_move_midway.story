# The coordinator moves during a rebalance: the new one starts from the last generation that was written, Stable,
# and the members join once more. One generation, one rebalance.
0s..10s  Stable
10s      poll Stable gen=3 a:0 b:1
11s      PreparingRebalance
12s..13s refused
14s      Stable@2
15s      PreparingRebalance@2
16s..20s Stable@2
20s      poll Stable@2 gen=4 a:0 b:1 c:2
--
20s: 15s to 16s (1s), success, member_joined, up to 4, +1 -0: joined: c@10.0.0.1
1 rebalances in 4s, unplanned 1, joins 1, moves 1
