# A client before 3.4 tells no generation: another assignment is a rebalance, though how many cannot be told.
0s..10s  Stable
10s      poll Stable a:0,1
11s..20s Stable
20s      poll Stable a:0 b:1
21s..30s Stable
30s      poll Stable a:0 b:1
--
20s: 20s to 20s (10s), success, member_joined, +1 -0: joined: b@10.0.0.1
1 rebalances in 0s, unplanned 1, joins 1
