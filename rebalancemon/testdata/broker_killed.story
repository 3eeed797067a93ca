# A broker's SIGKILL hides the group for 8 s; the others answer. It is neither gone nor rebalanced.
0s..10s  Stable
10s      poll Stable gen=3 a:0 b:1
11s..18s unlisted
19s..20s Stable@2
20s      poll Stable@2 gen=3 a:0 b:1
21s..30s Stable@2
--
0 rebalances in 0s, moves 1
