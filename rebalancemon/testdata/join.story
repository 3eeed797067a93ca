# A member joins; the sampler catches the pause, and the next poll says who.
0s..6s   Stable
5s       poll Stable gen=3 a:0,1 b:2,3
7s       PreparingRebalance
8s       CompletingRebalance
9s..10s  Stable
10s      poll Stable gen=4 a:0 b:2,3 c:1
11s..20s Stable
20s      poll Stable gen=4 a:0 b:2,3 c:1
--
10s: 7s to 9s (1s), success, member_joined, up to 4, +1 -0: joined: c@10.0.0.1
1 rebalances in 2s, unplanned 1, joins 1
