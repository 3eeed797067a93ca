# KIP-848: one that still lasts is shown once its epoch proves it.
type consumer
0s..10s  Stable
10s      poll Stable epoch=5/5 a:0,1,2
11s..35s Reconciling
20s      poll Reconciling epoch=6/6 a^5:0,1 b^6:2
--
0 rebalances in 24s, joins 1, one since 11s (paused: false)
