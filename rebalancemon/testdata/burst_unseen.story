# Three members come one after the other within one poll; the sampler catches one pause, the generation has all three.
0s..10s  Stable
10s      poll Stable gen=3 a:0,1,2,3
11s..13s Stable
14s      PreparingRebalance
15s..20s Stable
20s      poll Stable gen=6 a:0 b:1 c:2 d:3
--
20s: 14s to 15s (1s), success, member_joined, 3 times, up to 6, +3 -0: joined: b@10.0.0.1, c@10.0.0.1, d@10.0.0.1
3 rebalances in 1s, unplanned 3, joins 3
