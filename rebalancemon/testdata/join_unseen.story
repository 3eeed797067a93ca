# The pause falls between two samples: the generation tells.
0s..10s  Stable
10s      poll Stable gen=3 a:0,1
11s..20s Stable
20s      poll Stable gen=4 a:0 b:1
--
20s: 20s to 20s (10s), success, member_joined, up to 4, +1 -0: joined: b@10.0.0.1
1 rebalances in 0s, unplanned 1, joins 1
