# Long pauses under an eager assignor, and more members than partitions.
0s..9s   Stable
9s       poll Stable gen=3 a:0 b:1
10s..14s PreparingRebalance
15s..20s Stable
20s      poll Stable gen=4 a:0 b:1 c
30s..37s PreparingRebalance
38s..40s Stable
40s      poll Stable gen=5 a:0 b:1 c d
50s..57s PreparingRebalance
58s..60s Stable
60s      poll Stable gen=6 a:0 b:1 c d e
--
20s: 10s to 15s (1s), success, member_joined, up to 4, +1 -0: joined: c@10.0.0.1
40s: 30s to 38s (10s), success, member_joined, up to 5, +1 -0: joined: d@10.0.0.1
1m0s: 50s to 58s (10s), success, member_joined, up to 6, +1 -0: joined: e@10.0.0.1
3 rebalances in 21s, unplanned 3, joins 3
add_partitions: 5 members share 2 partitions: 3 are idle
use_cooperative: 3 rebalances in the last hour stopped all 5 members for 7.0 s each under the eager assignor range
