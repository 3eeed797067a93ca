# The coordinator moves while nothing happens: counted as a leader change.
0s..10s  Stable
10s      poll Stable gen=3 a:0 b:1
11s..12s refused
13s..20s Stable@2
20s      poll Stable@2 gen=3 a:0 b:1
21s      Stable@1
22s..30s Stable@2
--
0 rebalances in 0s, moves 1
