# Members go and come while the target rolls out, and shortly after.
0s..10s  Stable
10s      poll Stable gen=3 a:0+ b:1+
12s      rollout
13s      PreparingRebalance
14s..19s Stable
20s      poll Stable gen=4 a:0+ b:1 c
21s      PreparingRebalance
22s..30s Stable
25s      rolledout
30s      poll Stable gen=5 b:1+ c:0+
31s..70s Stable
71s      PreparingRebalance
72s..80s Stable
80s      poll Stable gen=6 c:0,1+
81s..99s Stable
100s     PreparingRebalance
101s..110s Stable
110s     poll Stable gen=7 c:0+ d:1+
--
20s: 13s to 14s (3s), success, deploy, up to 4, +1 -0: target rolling out since 1s; joined: c@10.0.0.1
30s: 21s to 22s (2s), success, deploy, up to 5, +0 -1: target rolled out, begun 9s before; left: a@10.0.0.1; it committed until it left
1m20s: 1m11s to 1m12s (1s), success, deploy, up to 6, +0 -1: target rolled out, begun 59s before; gone: b@10.0.0.1; whether it left or timed out cannot be told
1m50s: 1m40s to 1m41s (1s), success, member_joined, up to 7, +1 -0: joined: d@10.0.0.1
4 rebalances in 4s, unplanned 1, joins 2, leaves 2
use_static: rollouts of the last hour cost 3 rebalances and 3 joins and leaves; 0 of 2 members are static
