# A static member restarts: another member id, the same generation and assignment. No rebalance.
0s..30s Stable
10s     poll Stable gen=3 a/m1*:0+ b/m2*:1+
20s     poll Stable gen=3 a/m1*:0+ b/m3*:1+
30s     poll Stable gen=3 a/m1*:0+ b/m3*:1+
--
0 rebalances in 0s
