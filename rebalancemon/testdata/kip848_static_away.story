# KIP-848: a static member restarts. Its coordinator calls the group Reconciling meanwhile; no epoch moved, nothing did.
type consumer
0s..10s  Stable
10s      poll Stable epoch=5/5 a*:0 b*:1
11s..25s Reconciling
20s      poll Reconciling epoch=5/5 a*:0 b*^-2:1
26s..30s Stable
30s      poll Stable epoch=5/5 a*:0 b*:1
--
0 rebalances in 0s
