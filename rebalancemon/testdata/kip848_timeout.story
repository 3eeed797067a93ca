# KIP-848: a member is fenced after its session timeout.
type consumer
0s..80s  Stable
10s      poll Stable epoch=5/5 a:0+ b:1+
20s      poll Stable epoch=5/5 a:0+ b:1+
30s      poll Stable epoch=5/5 a:0+ b:1!
40s      poll Stable epoch=5/5 a:0+ b:1!
50s      poll Stable epoch=5/5 a:0+ b:1!
60s      poll Stable epoch=5/5 a:0+ b:1!
70s      poll Stable epoch=5/5 a:0+ b:1!
80s      poll Stable epoch=6/6 a:0,1+
--
1m20s: 1m20s to 1m20s (10s), success, member_timeout, up to 6, +0 -1: gone: b@10.0.0.1; records waited and its partitions had stood still for 50s
1 rebalances in 0s, unplanned 1, leaves 1
