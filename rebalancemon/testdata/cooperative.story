# A cooperative rebalance has two halves; here a poll falls between them.
assignor cooperative-sticky
0s..10s  Stable
10s      poll Stable gen=3 a:0,1
18s      PreparingRebalance
19s..20s Stable
20s      poll Stable gen=4 a:0 b
21s      PreparingRebalance
22s..30s Stable
30s      poll Stable gen=5 a:0 b:1
--
20s: 18s to 19s (8s), success, member_joined, up to 4, +1 -0: joined: b@10.0.0.1
30s: 21s to 22s (1s), success, member_joined, up to 5: second half of the cooperative rebalance before
2 rebalances in 2s, unplanned 2, joins 1
