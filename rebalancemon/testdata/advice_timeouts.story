# The same processes go round: out after a timeout, and back.
0s..10s  Stable
10s      poll Stable gen=3 a/1:0 b/2:1
11s..20s Stable
20s      poll Stable gen=4 a/1:0 b/2:1
21s..30s Stable
30s      poll Stable gen=5 a/1:0 b/2:1
31s..40s Stable
40s      poll Stable gen=6 a/1:0 b/2:1
--
20s: 20s to 20s (10s), success, unknown, up to 4: the same members with the same subscriptions: one of them asked for it
30s: 30s to 30s (10s), success, unknown, up to 5: the same members with the same subscriptions: one of them asked for it
40s: 40s to 40s (10s), success, unknown, up to 6: the same members with the same subscriptions: one of them asked for it
3 rebalances in 0s, unplanned 3
raise_poll_interval: in the last hour 0 rebalances by members that timed out, 3 without a change of members
