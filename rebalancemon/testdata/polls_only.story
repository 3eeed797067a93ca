# Brokers too old to tell states each second: the polls alone.
0s       poll Stable gen=3 a:0 b:1
10s      poll Stable gen=3 a:0 b:1
20s      poll PreparingRebalance
30s      poll Stable gen=5 a:0 b:1 c:2
40s      poll Stable gen=6 a:0 b:1 c:2 d:3
--
30s: 20s to 30s (10s), success, member_joined, 2 times, up to 5, +1 -0: joined: c@10.0.0.1
40s: 40s to 40s (10s), success, member_joined, up to 6, +1 -0: joined: d@10.0.0.1
3 rebalances in 10s, unplanned 3, joins 2
