# A second member comes while the first one's rebalance waits for the leader: two generations in one pause.
0s..9s   Stable
9s       poll Stable gen=3 a:0,1,2
10s      PreparingRebalance
11s      CompletingRebalance
12s      PreparingRebalance
13s      CompletingRebalance
14s..19s Stable
19s      poll Stable gen=5 a:0 b:1 c:2
--
19s: 10s to 14s (1s), success, member_joined, 2 times, up to 5, +2 -0: joined: b@10.0.0.1, c@10.0.0.1
2 rebalances in 4s, unplanned 2, joins 2
