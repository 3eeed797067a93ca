# A group goes over from the classic protocol to KIP-848: another count of epochs begins, and no rebalance is made up.
0s..10s  Stable
10s      poll Stable gen=3 a:0 b:1
type consumer
11s..20s Stable
20s      poll Stable epoch=90/90 a:0 b:1
--
0 rebalances in 0s
