# KIP-848: a change that reconciles over three polls, with a second change on the way.
type consumer
0s..10s  Stable
10s      poll Stable epoch=5/5 a:0,1,2
11s..35s Reconciling
20s      poll Reconciling epoch=6/6 a^5:0,1 b^6:2
30s      poll Reconciling epoch=7/7 a^6:0,1 b^6:2 c^7
36s..40s Stable
40s      poll Stable epoch=7/7 a:0 b:2 c:1
--
40s: 11s to 36s (1s), success, member_joined, 2 times, up to 7, +2 -0: joined: b@10.0.0.1
2 rebalances in 25s, unplanned 2, joins 2
