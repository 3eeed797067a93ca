# A member is gone and the topic has grown, in one rebalance: which of the two set it off cannot be told.
0s..30s  Stable
10s      poll Stable gen=3 a:0+ b:1+
20s      poll Stable gen=3 a:0+ b:1+
30s      poll Stable gen=3 a:0+ b:1+
31s..33s Stable
34s      PreparingRebalance
35s..40s Stable
40s      poll Stable gen=4 a:0,1,2+
--
40s: 34s to 35s (1s), success, unknown, up to 4, +0 -1: gone: b@10.0.0.1; and its topics or their partitions are others
1 rebalances in 1s, unplanned 1, leaves 1
