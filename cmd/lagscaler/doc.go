// Command lagscaler measures Kafka consumer lag, sees rebalances from outside the clients, scales the Deployments
// behind them, and says why.
//
// # A tour of the code
//
// Every poll turns a cluster into one immutable lag.Snapshot. Pure evaluators turn snapshots into rebalancemon.Stats and
// scaler.Decisions. One actuator applies the scaler.Changes that result. The loop publishes all of it as one immutable
// engine.Report, and everything that shows something reads the latest Report and nothing else.
//
//	adapters (I/O)                  pure: values in, values out                              adapters (I/O)
//	Kafka -> lag/kafkasource --States, each second---------------> rebalancemon --Stats--+
//	                         --Observation--> lag.Compute --Snapshot-----^---------------+
//	                                                       +-----------------------------+-> scaler.Evaluate
//	Kubernetes -> scaler/kube --Workload, Policy, Hints----------------------------------+        |
//	                                                     Decision{Verdict, Steps}                 v
//	Kubernetes <- scaler/kube <------------- Change{From, To, Reason} -------------------------- (disposition)
//
//	internal/engine runs the row above and stores one *Report
//	           |                    |                  |
//	    internal/metrics      internal/web       cmd/lagscaler (lag, plan, simulate …)   <- readers only
//
// # Which package answers which question
//
//	What is lag, and when is it unknown?                  lag            snapshot.go: PartitionLag.Lag has the case table
//	How do offsets become a Snapshot?                     lag            compute.go
//	Where do rates, trend and time lag come from?         lag            history.go, ring.go
//	When is a group stalled, stopped, rewound?            lag            status.go, one predicate a status
//	What is sent to brokers, and how often?               lag/kafkasource  doc.go; do.go is the one way out
//	What must every source of observations do?            lag/lagtest    conform.go
//	What counts as a rebalance, and why did it happen?    rebalancemon   doc.go
//	Why this many replicas?                               scaler         rules.go: verdicts in order; limits after them
//	What may a user set?                                  internal/config  config.go; docs/configuration.md is made from it
//	How would a policy have done?                         scaler/sim
//	How are Kubernetes objects read and written?          scaler/kube
//	When does what run?                                   internal/engine  Engine.Tick is the program minus the clock
//	What is exposed under which name?                     internal/metrics  its tables; docs/metrics.md is made from them
//	What is the JSON of lag?                              internal/api   docs/json.md is made from it
//	What do the pages show?                               internal/web
//	What pages somebody at night, and what then?          alerts, docs/runbooks
//	What does the demo pretend?                           internal/demo
//	Is a claim of the documentation true?                 e2e (its own module): real Kafka, Kubernetes, Prometheus
//
// Arrows point one way: lag <- rebalancemon <- scaler <- internal/engine <- {internal/metrics, internal/web} <- cmd.
// lag, rebalancemon, scaler and scaler/sim do no I/O, read no clock, write no log and start no goroutine; house_test.go
// holds all of this.
//
// # This package
//
// main.go turns a command line into an exit code; root.go has one line for each subcommand, each in a file of its own.
// The daemon is daemon.go: newDaemon makes every part and starts none, run starts every long-lived goroutine, under a
// drawing. sources.go opens clusters and replaces their connections when credentials change. To add a subcommand, write
// newThing in thing.go, add its line to newRoot, and run go test -update here for docs/cli.md.
package main
