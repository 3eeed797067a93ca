# A member hangs over max.poll.interval, is put out, and comes back under a new member id within the same pause.
0s..60s  Stable
10s      poll Stable gen=3 a:0+ b:1+
20s      poll Stable gen=3 a:0+ b:1+
30s      poll Stable gen=3 a:0+ b:1!
40s      poll Stable gen=3 a:0+ b:1!
50s      poll Stable gen=3 a:0+ b:1!
60s      poll Stable gen=3 a:0+ b:1!
61s      PreparingRebalance
62s..70s Stable
70s      poll Stable gen=5 a:0+ b/b2:1+
--
1m10s: 1m1s to 1m2s (1s), success, member_timeout, 2 times, up to 5, +1 -1: gone: b@10.0.0.1; records waited and its partitions had stood still for 40s; came back at once
2 rebalances in 1s, unplanned 2, joins 1, leaves 1
