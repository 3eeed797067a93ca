# One comes and another goes between two polls: in which order cannot be told.
0s..20s  Stable
10s      poll Stable gen=3 a:0+ b:1+
20s      poll Stable gen=3 a:0+ b:1+
21s      PreparingRebalance
22s..23s Stable
24s      PreparingRebalance
25s..30s Stable
30s      poll Stable gen=5 a:0+ c:1+
--
30s: 21s to 22s (1s), success, unknown, up to 4, +0 -1: joined: c@10.0.0.1; left: b@10.0.0.1; in which order is not known
30s: 24s to 25s (1s), success, unknown, up to 5, +1 -0: joined: c@10.0.0.1; left: b@10.0.0.1; in which order is not known
2 rebalances in 2s, unplanned 2, joins 1, leaves 1
