# A poll's answer comes after samples that are newer: it neither turns time back nor takes what came later for its own.
0s..14s  Stable
10s      poll Stable gen=3 a:0 b:1
15s      PreparingRebalance
16s..18s Stable
14s      poll Stable gen=3 a:0 b:1
19s..20s Stable
20s      poll Stable gen=4 a:0 b:1 c:2
--
20s: 15s to 16s (1s), success, member_joined, up to 4, +1 -0: joined: c@10.0.0.1
1 rebalances in 1s, unplanned 1, joins 1
