# A member closes and is back two seconds later: two rebalances between two polls, in the order in which they must be.
0s..20s  Stable
10s      poll Stable gen=3 a:0+ b:1+
20s      poll Stable gen=3 a:0+ b:1+
21s      PreparingRebalance
22s      Stable
23s      PreparingRebalance
24s..30s Stable
30s      poll Stable gen=5 a:0+ b/b2:1+
--
30s: 21s to 22s (1s), success, member_left, up to 4, +0 -1: left: b@10.0.0.1; it committed until it left
30s: 23s to 24s (1s), success, member_joined, up to 5, +1 -0: back: b@10.0.0.1
2 rebalances in 2s, unplanned 2, joins 1, leaves 1
