# The same members, the same subscriptions, another generation: nobody outside knows why.
0s..10s  Stable
10s      poll Stable gen=3 a:0 b:1
11s      PreparingRebalance
12s..20s Stable
20s      poll Stable gen=4 a:0 b:1
--
20s: 11s to 12s (1s), success, unknown, up to 4: the same members with the same subscriptions: one of them asked for it
1 rebalances in 1s, unplanned 1
