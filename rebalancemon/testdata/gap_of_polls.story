# The polls fail for a while, and the sampler does not: what it saw is counted in time, without a cause, and not twice.
0s..10s   Stable
10s       poll Stable gen=3 a:0 b:1
20s       poll failed
22s       PreparingRebalance
23s..90s  Stable
30s       poll failed
90s       poll Stable gen=5 a:0 b:1 c:2
--
54s: 22s to 23s (12s), success, unknown: no poll told what changed
1m30s: 1m30s to 1m30s (1m20s), unknown, member_joined, up to 5, +1 -0: joined: c@10.0.0.1
2 rebalances in 1s, unplanned 2, joins 1
