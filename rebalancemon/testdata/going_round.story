# A group that never settles: after 5 minutes of new starts, what was is a failure, and the next round begins.
0s..9s     Stable
9s         poll Stable gen=3 a:0 b:1
10s..60s   PreparingRebalance
61s..100s  CompletingRebalance
101s..200s PreparingRebalance
201s..310s CompletingRebalance
311s..320s PreparingRebalance
321s..330s Stable
330s       poll Stable gen=6 a:0 b:1
--
5m30s: 10s to 5m11s (1s), failed, unknown, 2 times, up to 5: the same members with the same subscriptions: one of them asked for it
5m30s: 5m11s to 5m21s (1s), success, unknown, up to 6: the same members with the same subscriptions: one of them asked for it
3 rebalances in 5m11s, unplanned 3, slow 1
