# The group was deleted and made anew: its generations start from 1.
0s..10s  Stable
10s      poll Stable gen=300 a:0
11s      PreparingRebalance
12s..14s Empty
15s..16s Dead
17s..20s unlisted
21s      PreparingRebalance
22s..30s Stable
30s      poll Stable a/a2:0
40s      poll Stable gen=3 a/a2:0 b:1
--
30s: 11s to 12s (1s), empty, unknown, +0 -1: gone: a@10.0.0.1; whether it left or timed out cannot be told
30s: 21s to 22s (5s), success, member_joined, +1 -0: back: a@10.0.0.1
40s: 40s to 40s (10s), success, member_joined, up to 3, +1 -0: joined: b@10.0.0.1
3 rebalances in 2s, unplanned 3, joins 2, leaves 1
