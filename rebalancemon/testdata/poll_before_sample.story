# A poll sees the end of a rebalance before the sampler does, and later that the group is empty.
0s..10s  Stable
10s      poll Stable gen=3 a:0+ b:1
11s..20s Stable
21s      PreparingRebalance
21.5s    poll Stable gen=4 a:0+
22s..30s Stable
30.5s    poll Empty
31s..40s Empty
41s      poll Empty
--
21.5s: 21s to 21.5s (1s), success, unknown, up to 4, +0 -1: gone: b@10.0.0.1; whether it left or timed out cannot be told
30.5s: 30.5s to 30.5s (1s), empty, member_left, +0 -1: left: a@10.0.0.1; it committed until it left
2 rebalances in 500ms, unplanned 2, leaves 2
