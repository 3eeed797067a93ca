# lagscaler starts while the group rebalances: this one did happen.
0s..2s   PreparingRebalance
3s..10s  Stable
10s      poll Stable gen=4 a:0 b:1 c:2
11s..20s Stable
20s      poll Stable gen=4 a:0 b:1 c:2
--
10s: 0s to 3s (1s), success, unknown: no poll told what changed
1 rebalances in 3s, unplanned 1
