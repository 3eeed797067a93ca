# Two minutes without sight: the generation counts what was, how it went is unknown.
0s..10s  Stable
10s      poll Stable gen=3 a:0 b:1
130s     Stable
131s     poll Stable gen=6 a:0 b:1
132s..140s Stable
--
2m11s: 2m11s to 2m11s (2m1s), unknown, unknown, 3 times, up to 6: the same members with the same subscriptions: one of them asked for it
3 rebalances in 0s, unplanned 3
