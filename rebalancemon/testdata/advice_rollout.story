# Each rollout makes every member leave and join.
assignor cooperative-sticky
0s..10s  Stable
10s      poll Stable gen=3 a/1:0+ b/2:1+
11s      rollout
12s..20s Stable
20s      poll Stable gen=5 a/3:0+ b/2:1+
21s..30s Stable
30s      poll Stable gen=7 a/3:0+ b/4:1+
--
20s: 20s to 20s (10s), success, deploy, 2 times, up to 5, +1 -1: target rolling out since 9s; gone: a@10.0.0.1; whether it left or timed out cannot be told; came back at once
30s: 30s to 30s (10s), success, deploy, 2 times, up to 7, +1 -1: target rolling out since 19s; left: b@10.0.0.1; it committed until it left; came back at once
4 rebalances in 0s, joins 2, leaves 2
use_static: rollouts of the last hour cost 4 rebalances and 4 joins and leaves; 0 of 2 members are static
