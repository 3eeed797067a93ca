# A member knocks, the coordinator moves, the member gives up: no generation was made.
0s..10s  Stable
10s      poll Stable gen=3 a:0 b:1
11s      PreparingRebalance
12s..13s refused
14s..20s Stable@2
20s      poll Stable@2 gen=3 a:0 b:1
--
0 rebalances in 3s, moves 1
