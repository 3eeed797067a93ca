# The last member goes, and the group is empty; later somebody comes.
0s..10s  Stable
9s       poll Stable gen=3 a:0+
10s      poll Stable gen=3 a:0+
11s      PreparingRebalance
12s..20s Empty
20s      poll Empty
21s..22s Empty
23s      PreparingRebalance
24s..30s Stable
30s      poll Stable b:0
31s..40s Stable
40s      poll Stable b:0
--
20s: 11s to 12s (1s), empty, member_left, +0 -1: left: a@10.0.0.1; it committed until it left
30s: 23s to 24s (1s), success, member_joined, +1 -0: joined: b@10.0.0.1
2 rebalances in 2s, unplanned 2, joins 1, leaves 1
