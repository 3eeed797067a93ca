# The same members want other topics.
0s..10s  Stable
10s      poll Stable gen=3 a(t):0 b(t):1
11s      PreparingRebalance
12s..20s Stable
20s      poll Stable gen=4 a(t,u):0,u0 b(t):1
--
20s: 11s to 12s (1s), success, subscription, up to 4: a member subscribes to other topics
1 rebalances in 1s, unplanned 1
