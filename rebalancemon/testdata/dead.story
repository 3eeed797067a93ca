# The group is deleted in the middle of a rebalance.
0s..10s  Stable
10s      poll Stable gen=3 a:0
11s      PreparingRebalance
12s      Dead
13s..60s unlisted
20s      poll failed
30s      poll failed
40s      poll failed
50s      poll failed
--
20s: 11s to 12s (1s), failed, unknown: no poll told what changed
1 rebalances in 1s, unplanned 1
