# Every member is replaced, so none knows its generation; later one rejoins and tells: nothing was missed nor told twice.
0s..10s  Stable
10s      poll Stable gen=3 a:0
11s      Empty
12s      PreparingRebalance
13s..20s Stable
20s      poll Stable b:0
21s..29s Stable
30s      PreparingRebalance
31s..40s Stable
40s      poll Stable gen=6 b:0 c:1
--
20s: 11s to 11s (1s), empty, unknown, +0 -1: gone: a@10.0.0.1; whether it left or timed out cannot be told
20s: 12s to 13s (1s), success, member_joined, +1 -0: the group was empty; joined: b@10.0.0.1
40s: 30s to 31s (1s), success, member_joined, up to 6, +1 -0: joined: c@10.0.0.1
3 rebalances in 2s, unplanned 3, joins 2, leaves 1
