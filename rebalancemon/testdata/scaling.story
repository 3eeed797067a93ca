# The target was resized half a minute before, upwards: the joins are its doing, one that leaves is not.
0s..10s  Stable
10s      poll Stable gen=3 a:0+ b:1+
11s..20s Stable
15s      resized 2 3
20s      poll Stable gen=3 a:0+ b:1+
21s..43s Stable
30s      poll Stable gen=3 a:0+ b:1+
40s      poll Stable gen=3 a:0+ b:1+
44s      PreparingRebalance
45s..50s Stable
50s      poll Stable gen=4 a:0+ b:1+ c
51s      PreparingRebalance
52s..60s Stable
60s      poll Stable gen=5 a:0+ c:1+
--
50s: 44s to 45s (1s), success, scaling, up to 4, +1 -0: target resized 2 -> 3, 29s before; joined: c@10.0.0.1
1m0s: 51s to 52s (1s), success, member_left, up to 5, +0 -1: left: b@10.0.0.1; it committed until it left
2 rebalances in 2s, unplanned 1, joins 1, leaves 1
