# A poll's answer was on its way when a rebalance began, and says Stable a moment after the sampler saw the beginning:
# one rebalance, not two.
0s..10s  Stable
10s      poll Stable gen=3 a:0 b:1
11s..20s Stable
21s      PreparingRebalance
21.1s    poll Stable gen=3 a:0 b:1
22s      PreparingRebalance
23s..30s Stable
31s      poll Stable gen=4 a:0 b:1 c:2
--
31s: 21s to 23s (1s), success, member_joined, up to 4, +1 -0: joined: c@10.0.0.1
1 rebalances in 2s, unplanned 1, joins 1
