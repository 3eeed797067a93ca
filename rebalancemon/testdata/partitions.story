# The topic gets two more partitions.
0s..10s  Stable
10s      poll Stable gen=3 a:0 b:1
11s      PreparingRebalance
12s..20s Stable
20s      poll Stable gen=4 a:0,2 b:1,3
--
20s: 11s to 12s (1s), success, partitions, up to 4: topic t has 4 partitions instead of 2
1 rebalances in 1s, unplanned 1
