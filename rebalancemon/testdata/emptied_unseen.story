# The last member goes between two samples, and one comes between two others.
0s..10s  Stable
10s      poll Stable gen=3 a:0
11s..14s Stable
15s..20s Empty
20s      poll Empty
21s..30s Stable
30s      poll Stable b:0
--
20s: 15s to 15s (1s), empty, unknown, +0 -1: gone: a@10.0.0.1; whether it left or timed out cannot be told
30s: 21s to 21s (1s), success, member_joined, +1 -0: joined: b@10.0.0.1
2 rebalances in 0s, unplanned 2, joins 1, leaves 1
