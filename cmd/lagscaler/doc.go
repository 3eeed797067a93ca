// Command lagscaler measures the lag of Kafka consumer groups, detects their rebalances without access to the clients, scales
// the Deployments that run the consumers, and gives the reason for every decision.
//
// # A tour of the code
//
// Every poll turns a cluster into one immutable lag.Snapshot. Pure evaluators turn snapshots into rebalancemon.Stats and
// scaler.Decisions. One actuator applies the scaler.Changes that result. The loop publishes all of it as one immutable
// engine.Report. Metrics, pages and commands read only the latest Report.
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
//	    internal/metrics      internal/web       cmd/lagscaler (lag, plan, simulate …)   <- they only read
//
//	internal/daemon wires all of this from the configuration, and runs it
//
// # Which package answers which question
//
//	What is lag, and when is it unknown?                 lag               partition.go: PartitionLag.Lag has the case table
//	How do offsets become a Snapshot?                    lag               compute.go, topics.go
//	How are two hours of offsets kept in little memory?  lag               ends.go
//	Where do rates, trend and time lag come from?        lag               rates.go, trend.go, timelag.go: as metrics and pages show them
//	Is a partition stalled, is it read, is there a rest? lag              stand.go: judge has the cases; stands.go: how they are followed
//	What is learned of a group's commits?                lag               habits.go, reader.go
//	When is a group stalled, stopped, rewound?           lag               status.go: one predicate a status
//	When is a group stalled for a decision?              scaler/need       measure.go: stands, frozen
//	What is sent to brokers, and how often?              lag/kafkasource   doc.go: the requests of a poll; source.go: their order
//	What happens when a coordinator moves?               lag/kafkasource/groups      coordinator.go: all cases in a table
//	What happens when a leader moves?                    lag/kafkasource/topics      leaders.go
//	What happens when a group disappears?                lag/kafkasource/groups      unlisted.go: for 30 s it stays
//	What if an answer has fewer commits than before?     lag/kafkasource/groups      missing_commits.go
//	Which ACLs are missing?                              lag/kafkasource   check.go
//	Which brokers are there, and what failed in a poll?  lag/kafkasource/cluster     cluster.go, round.go
//	How is one request sent, and what guards it?         lag/kafkasource/transport   client.go: Do is the one function that sends
//	How are the largest messages read?                   lag/kafkasource/wire        offsetfetch.go, listoffsets.go
//	What must every source of observations do?           lag/lagtest       conform.go
//	How are orphaned topics found?                       lag               left.go: leave
//	How many tasks has a Kafka Streams application?      scaler/seen       assignment.go: Tasks counts them
//	Which topics do they read together?                  lag               subtopology.go
//	What counts as a rebalance?                          rebalancemon      doc.go; episode.go, generations.go: how it is detected
//	Why did a rebalance happen?                          rebalancemon      cause.go
//	When is a rebalance planned?                         rebalancemon      event.go: Planned
//	Why this many replicas?                              scaler            table.go: the verdicts and the limits, each in order
//	When does a verdict or limit apply, in which words?  scaler            rules.go, limits.go; words.go, words_rates.go
//	In which steps is a decision made?                   scaler            evaluate.go: Evaluate calls all of them
//	Which values did the polls before a decision read?   scaler/seen       doc.go; readings.go, history.go: one source; replicas.go: the target
//	Which arrival rate does a decision use?              scaler/seen       rates.go, with its windows; effective.go: bursts that the target lag absorbs
//	Which member runs in which replica?                  scaler/seen       members.go; places.go, names.go: the evidence
//	How many consumers run in one replica?               scaler/learn      members.go
//	When is a poll partial or stale for a decision?      scaler/seen       history.go: quality
//	When are data stale for pages and metrics?           lag               snapshot.go: Stale
//	Why does a decision use other numbers than a page?   scaler/seen       doc.go: the last two tables
//	How is the capacity of a consumer learned?           scaler/learn      capacity.go, samples.go
//	When is a downstream system the bottleneck?          scaler/learn      downstream.go
//	What else is learned, and what is saved?             scaler/learn      doc.go: the list; memory.go: what is saved; state.go
//	How many consumers does one group need?              scaler/need       doc.go; forecast.go, demand.go, reserve.go: the terms; need.go
//	When is a partition hot?                             scaler/need       demand.go: separateHot
//	Why 12 consumers and not 10?                         scaler/need       packing.go: a partition cannot be split
//	How many consumers does a constant rate need?        scaler/plan       plan.go: the formula and its example
//	How is a decision put into words?                    scaler/say        line.go: the line of logs and Events; explain.go: the derivation
//	How is a number printed?                             scaler/number     the same in lines and on pages
//	When is what was learned saved and loaded?           internal/engine   memory.go: a table of the cases
//	Where is it saved?                                   scaler/kube       memories.go: in ConfigMaps
//	Where is it saved without Kubernetes?                internal/daemon   memoryfile.go
//	What happens between two decisions?                  scaler            lane.go: the last decision stays, or the fast lane makes a new one
//	What does advise show while nobody follows it?       scaler            play.go
//	When does a target go to zero, and what wakes it?    scaler/asleep     doc.go: the table; mark.go: partitions without a commit
//	Was zero set by hand?                                scaler/asleep     state.go: Next
//	What happens after a zero by hand?                   scaler            rules.go: byHand, byHandWaiting
//	Where is that saved, before a write of 0?            scaler/kube       asleep.go
//	When does a schedule apply, and in which time zone?  scaler            schedule.go: Open, parse; limits.go: scheduled
//	When is a group idle?                                scaler/need       measure.go: idle
//	What would another policy have decided?              scaler/sim        doc.go: the simulator; lineup.go: the alternatives
//	Which recorded traffic is simulated?                 scaler/sim/traces        traces.go: the traces that are shipped
//	Does the program say only what is true?              scaler/sim/worlds        doc.go: days with a hidden truth, and judges of it
//	How is docs/scaling-benchmark.md made?               scaler/sim/benchmark     jobs.go: what is simulated; report.go
//	How are simulations plotted?                         internal/plot     plot.go
//	What was seen and decided, for a bug report?         internal/record   doc.go: the format; replay.go decides it again; writer.go: rotation, a full disk
//	How are Kubernetes objects read and written?         scaler/kube       doc.go; scales.go is the only writer of replicas
//	Which Events are written, and how often?             scaler/kube       events.go; publisher.go: the status too
//	Which namespace may name which group and topic?      scaler/kube       scalers.go: allowed, mayName; convert.go: a target is always in its scaler's namespace
//	Which rights are needed, and for what?               scaler/kube/access     permissions.go
//	Which replica leads, and until when?                 scaler/kube/election   election.go
//	How large is a target, and who else scales it?       scaler/kube/watch      workloads.go
//	Was a change of the replicas our own?                scaler/kube/watch   targets.go: ours; for a change to 0 see asleep
//	Which conditions, reasons and annotations are there? scaler/kube/v1alpha1   status.go
//	Which thresholds apply when a scaler sets some?      internal/engine   declared.go
//	Do they apply when the scaler is refused?            scaler            outcome.go: Applies
//	What may a user set?                                 internal/config   config.go; docs/configuration.md is made from it
//	How does a KEDA ScaledObject become a KafkaScaler?   internal/keda     convert.go; trigger.go: what has no equivalent
//	What keeps a password out of logs and pages?         internal/config   secret.go
//	When is a changed password or certificate read?      lag/kafkasource/transport   sasl.go, tls.go: for each new connection
//	Which goroutines are there?                          internal/engine   doc.go: the goroutines; engine.go: Tick is one whole cycle
//	How are the parts wired, started and stopped?        internal/daemon   daemon.go: New; run.go: Run, with a drawing
//	Who serves the port, and with which TLS?             internal/daemon   serve.go
//	When is a change of the configuration noticed?       internal/config   reload.go
//	What does a changed configuration change?            internal/daemon   reload.go; restart.go: what needs a restart; sources.go: the clusters
//	What does it change in the engine?                   internal/engine   engine.go: configure
//	How does a command print what it read?               internal/output   table.go, lag.go, document.go
//	How does a command ask a running daemon?             internal/client   client.go
//	How are joins, leaves and skew counted?              rebalancemon      member_stats.go
//	What is exposed under which name?                    internal/metrics  doc.go: the tables; docs/metrics.md is made from them
//	Which groups have critical alerts?                   internal/metrics  group.go: tier
//	Which groups are left out when there are too many?   internal/metrics  limit.go
//	What is the JSON of lag?                             internal/api      lag.go: the types only; docs/json.md is made from it
//	Which function answers a path of the API?            internal/web      web.go: the routes
//	What do the pages show?                              internal/web      doc.go: the paths and their files
//	How many connections are open, and for how long?     internal/serve    doc.go: the bounds
//	How many pages and lists are answered at once?       internal/web      web.go, its constants
//	What do the charts remember, and how long?           internal/web/recent         ring.go
//	How is a million rebalances searched?                internal/web/events         doc.go
//	Which alerts are there, and what to do then?         alerts            rules/; docs/runbooks
//	What does Grafana show?                              dashboards        as Go and as JSON
//	Do the chart and the configuration agree?            charts            schema_test.go
//	Which rights does the chart grant in which mode?     charts            lagscaler/templates/_helpers.tpl
//	What runs in the demo?                               internal/demo     doc.go
//	How are the times of the demo shortened?             scaler/seen       clock.go
//	Is a claim of the documentation true?                e2e               a module of its own: real Kafka, Kubernetes, Prometheus
//
// Arrows point one way: lag <- rebalancemon <- scaler/seen <- scaler/asleep <- scaler/learn <- scaler/need <- scaler <- scaler/say <-
// internal/engine <- {internal/metrics, internal/web} <- internal/daemon <- cmd.
// All packages before internal/engine, and scaler/sim, do no I/O, read no clock, write no log and start no goroutine.
// house_test.go checks all of this.
//
// # This package
//
// Every subcommand has a file of its own and uses no other subcommand, so there are more than 15 files. They are one idea: a
// subcommand reads its flags, calls a package that does the work, and prints the result.
//
//	main.go, exit.go     a command line becomes an exit code
//	root.go              one line for each subcommand
//	flags.go             flags of several subcommands, and the configuration or the daemon that these flags select
//	run.go, lag.go, …    one subcommand each
//
// The work is elsewhere: internal/daemon runs, internal/output prints, internal/client asks a running daemon.
// To add a subcommand, write newThing in thing.go, add its line to newRoot, and run go test -update here for docs/cli.md.
package main
