# KIP-848: a member joins. Members keep working, so nothing is paused.
type consumer
0s..10s  Stable
10s      poll Stable epoch=5/5 a:0,1 b:2,3
11s      Assigning
12s..13s Reconciling
14s..20s Stable
20s      poll Stable epoch=6/6 a:0 b:2,3 c:1
--
20s: 11s to 14s (1s), success, member_joined, up to 6, +1 -0: joined: c@10.0.0.1
1 rebalances in 3s, unplanned 1, joins 1
