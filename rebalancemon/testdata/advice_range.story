# range deals the partitions of each topic out from the first member on.
0s       Stable
0s       poll Stable gen=3 a(t,u,v,w,x):0,u0,v0,w0,x0 b(t,u,v,w,x):1,u1,v1,w1,x1 c(t,u,v,w,x) d(t,u,v,w,x)
--
0 rebalances in 0s
balance_assignor: range gives the busiest of 4 members 5 of 10 partitions; 3 is possible, skew 0.29
