# A static member is away and keeps its old subscription, while the other is replaced: the derived generation lies behind,
# the members tell. The next generation is not told twice.
0s..10s  Stable
10s      poll Stable gen=6 a*:0 b:1
11s..20s Stable
20s      poll Stable gen=6 a*:0 c:1
21s..30s Stable
30s      poll Stable gen=8 a*:0 c:1 d:2
--
20s: 20s to 20s (10s), success, unknown, up to 6, +1 -1: joined: c@10.0.0.1; left: b@10.0.0.1; in which order is not known
30s: 30s to 30s (10s), success, member_joined, up to 8, +1 -0: joined: d@10.0.0.1
2 rebalances in 0s, unplanned 2, joins 2, leaves 1
