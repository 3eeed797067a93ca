# Brokers before 2.6: the sampler asks each second and gets no states. The polls tell them, and that is no gap.
0s       poll Stable gen=3 a:0 b:1
1s..9s   refused
10s      poll Stable gen=3 a:0 b:1
11s..19s refused
20s      poll PreparingRebalance
21s..29s refused
30s      poll Stable gen=4 a:0 b:1 c:2
31s..39s refused
40s      poll PreparingRebalance
41s..42s refused
--
30s: 20s to 30s (10s), success, member_joined, up to 4, +1 -0: joined: c@10.0.0.1
1 rebalances in 10s, unplanned 1, joins 1, one since 40s (paused: true)
