# KIP-848: two changes between two samples; the epoch has both.
type consumer
0s..10s  Stable
10s      poll Stable epoch=5/5 a:0,1
11s..20s Stable
20s      poll Stable epoch=7/7 a:0 b:1 c
--
20s: 20s to 20s (10s), success, member_joined, 2 times, up to 7, +2 -0: joined: b@10.0.0.1, c@10.0.0.1
2 rebalances in 0s, unplanned 2, joins 2
add_partitions: 3 members share 2 partitions: 1 is idle
