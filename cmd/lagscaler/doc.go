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
//	Which numbers do all readers see, so that they agree? lag              measurement.go: Measure
//	Where do rates, trend and time lag come from?        lag               as metrics and pages show them: rates.go, trend.go, timelag.go; history.go: Add makes all of them at a poll
//	Why does a commit not move: is the member stuck?     lag              stand.go: judge has the cases; stands.go: how they are followed
//	What is known of time lag right after a start?       lag/kafkasource/topics      past.go: what its leader says
//	When are the times that producers write believed?    lag               recordtimes.go: the cases in a table
//	Which record does a stalled partition wait for?      lag              stuck.go; internal/api: stuck.go has the command that prints it
//	When do committed offsets expire?                    lag              expiry.go: Expiry has the rule of the brokers
//	What is learned of a group's commits?                lag               habits.go, reader.go
//	When is a group stalled, stopped, rewound?           lag               status.go: one predicate for each status
//	When is a group stalled for a decision?              scaler/need       measure.go: stands, frozen
//	When is a partition stalled, for the alerts?         lag               stand.go: judge
//	What is sent to brokers, and how often?              lag/kafkasource   doc.go: the requests of a poll; source.go: their order
//	What happens when a coordinator moves?               lag/kafkasource/groups      coordinator.go: all cases in a table
//	What if a broker does not know a topic?              lag/kafkasource/cluster     missing.go: a second one is asked
//	What happens when a leader moves?                    lag/kafkasource/topics      leaders.go
//	Do records or markers lie behind a commit?           lag/kafkasource/headers     doc.go; headers.go: which partitions, and for how long
//	Which rights in Kafka are needed, and for what?      lag/rights        rights.go: Need, with all of them; the other files: what grants them
//	Which rights are missing in a cluster?               lag/kafkasource   check.go; rights.go: those for details; unused.go: those that nothing needs
//	What did the brokers of somebody else answer?        lag/kafkasource/tape        doc.go: the format; scrub.go: what is no name; play.go
//	When is a group that disappears believed gone?       lag/kafkasource/groups      unlisted.go: when its coordinator denies it for 30 s
//	When do a group that is gone and its series vanish?  lag               compute.go: readGroup, unreadGroups
//	What if an answer has fewer commits than before?     lag/kafkasource/groups      missing_commits.go
//	Which ACLs are missing?                              lag/kafkasource   check.go
//	Which brokers are there, and what failed in a poll?  lag/kafkasource/cluster     cluster.go, round.go
//	How is one request sent, and what guards it?         lag/kafkasource/transport   client.go: Do is the one function that sends
//	What if an address now belongs to another cluster?   lag/kafkasource/transport   identity.go; identify.go: when it is asked
//	What if one of several things at once panics?        lag/parallel      parallel.go: Each
//	How are the largest messages read?                   lag/kafkasource/wire        offsetfetch.go, listoffsets.go
//	What may one answer of a broker cost?                lag/kafkasource/wire        claims.go: refusal
//	What if an answer is too long, or not asked for?     lag/kafkasource/transport   exchange.go: read; guard.go, for the APIs that kafka-go decodes
//	What must every source of observations do?           lag/lagtest       conform.go
//	How does a test's broker answer wrongly?             lag/kafkasource/framing     framing.go: Read, Pack
//	How does a test have brokers without a port?         lag/kafkasource/pipes       pipes.go: Dial
//	How are orphaned topics found?                       lag               left.go: leave
//	How many tasks does a Kafka Streams group have?      scaler/seen       assignment.go: Tasks counts them
//	Which topics does a Kafka Streams task read?         lag               subtopology.go
//	What counts as a rebalance?                          rebalancemon      doc.go; episode.go, generations.go: how it is detected
//	Why did a rebalance happen?                          rebalancemon      cause.go; hints.go: a deploy or scaling; departure.go: left or timed out
//	When is a rebalance planned?                         rebalancemon      hints.go: covers, fits; event.go: Planned
//	Why this many replicas?                              scaler            table.go: the verdicts and the limits, each in order
//	When does a verdict or limit apply, in which words?  scaler            rules.go, limits.go; words.go, words_rates.go
//	How soon may the next change follow?                 scaler            rules.go: scaleUp, stabilizing, overBudget; lane.go
//	What limits all scalers together?                    scaler/brakes     doc.go: the rules; share.go: Share
//	And over several shards?                             scaler/brakes     parts.go: Fair, Next, Usable; scaler/kube: parts.go, in the Lease
//	To which shard does a group belong?                  lag/shard         doc.go: the rules; shard.go: Owner
//	Who has it while the number of shards changes?       lag/shard         seat.go: Look
//	Where does the leader of a shard write its claim?    scaler/kube       shards.go: in its Lease
//	How are the Leases of the other shards followed?     scaler/kube       shardleases.go: look, saw
//	What does a shard read and show of a fleet?          internal/engine   shards.go: divide, goBy, own
//	How does a page show all shards?                     internal/web      others.go: mergeOthers, elsewhere
//	And a whole list?                                    internal/web      wholes.go: merge; billsums.go, the bill
//	Which address in the Lease of a shard is believed?   scaler/kube       shardaddress.go: checkPages
//	Which scalers of other shards stopped themselves?    scaler/kube       shardstops.go, in the Lease; scaler/breaker: Part
//	When do decisions get their share of these limits?   internal/engine   brakes.go: concludeAll, when all of a poll are made
//	What is in the audit trail?                          internal/engine   audit.go: Deed
//	Where is the audit trail written, and read?          internal/audit    audit.go: Note, Run; read.go
//	How does a recording give the same audit trail?      internal/record   trail.go: take; facts.go: what a recording keeps for it
//	When is a scaler frozen, by whom, until when?        scaler/brakes     freeze.go: At, by the configuration
//	And by an annotation, until when?                    scaler/kube/watch   freeze.go: FreezeOf
//	In which steps is a decision made?                   scaler            evaluate.go: Evaluate calls all of them
//	Which values did the polls before a decision read?   scaler/seen       doc.go; readings.go, history.go: one source; replicas.go: the target
//	When are fewer consumers tried than seem necessary?  scaler/learn      trial.go: how a trial ends
//	Which backlog does a step up count?                  scaler/need       backlog.go
//	Which arrival rate does a decision use?              scaler/seen       rates.go: Rates of a partition, rate of all; effective.go: bursts that the target lag absorbs
//	Which time lag does a decision use?                  scaler/need       measure.go: timeLags
//	Which of two Kafka clusters is in use?               scaler/standby    doc.go: the cases; pair.go: Next; mirror.go: what wakes a target
//	What does a cluster that stands by change?           scaler            standby.go
//	Which member runs in which replica?                  scaler/seen       places.go: places; names.go: find; members.go: Map counts them
//	How many consumers run in one replica?               scaler/learn      members.go
//	How do consumers become replicas?                    scaler/seen       members.go: Replicas, Enough; the consumers: ../need/demand.go
//	Which share of the consumers of two places is here?  scaler/seen       share.go: Place; scaler/learn says when one is gone
//	How long does a dead member still count?             scaler/seen       members.go: mayBeDead; how long a session is: SessionTime of scaler/learn
//	What if consumers stay after a scale-down?           scaler/seen       removed.go; scaler/need: removed.go, why nothing is scaled up for them
//	When is a poll partial or stale for a decision?      scaler/seen       history.go: quality
//	What does a decision do while a source is partial?   scaler            rules.go: dataPartial; it keeps the replicas of that source
//	What if several groups of a target disagree?         scaler            combine.go: combine
//	When are data stale for pages and metrics?           lag               snapshot.go: Stale
//	Why does a decision use other numbers than a page?   scaler/seen       doc.go: the last two tables
//	How is the capacity of a consumer learned?           scaler/learn      capacity.go, samples.go
//	When is a downstream system the bottleneck?          scaler/learn      downstream.go
//	What else is learned, and what is saved?             scaler/learn      doc.go: the list; memory.go: Memory, Save, Load; state.go
//	How many consumers does one group need?              scaler/need       doc.go; demand.go: planned, consumers; packing.go: least; forecast.go, reserve.go: the other terms
//	When is a partition hot?                             scaler/need       demand.go: separateHot
//	Why 12 consumers and not 10?                         scaler/need       packing.go: a partition cannot be split
//	How many consumers does a constant rate need?        scaler/plan       plan.go: the formula and its example
//	How is a decision put into words?                    scaler/say        line.go: Line; explain.go: the derivation
//	And its verdict and its steps?                       scaler            decision.go: Words; the words of a row: table.go, words.go
//	How is a number printed?                             scaler/number     the same in lines and on pages
//	How do saved numbers take little room?               scaler/packed     packed.go: Pack, Varints
//	What does a replica that follows show of the week?   internal/engine   saved.go: what the leader saved, for readers alone
//	When are learned values saved and loaded?            internal/engine   memory.go: a table of the cases
//	Where are learned values saved?                      scaler/kube       memories.go: in ConfigMaps
//	Where are they saved without Kubernetes?             internal/daemon   memoryfile.go
//	What happens between two decisions?                  scaler            lane.go: the last decision stays, or an early one replaces it
//	What does advise show while nobody follows it?       scaler            play.go
//	When does a target go to zero, and what wakes it?    scaler/asleep     doc.go: the table; mark.go: partitions without a commit
//	Was zero set by hand?                                scaler/asleep     state.go: Next
//	What happens after a zero by hand?                   scaler            rules.go: byHand, byHandWaiting
//	Where is saved, before a write of 0, whose 0 it is?  scaler/kube       asleep.go
//	When does a schedule apply, and in which time zone?  scaler            schedule.go: Open, parse; walltime.go: when clocks change; limits.go: scheduled
//	When does a scaler stop itself, and for how long?    scaler/breaker    doc.go: the rule; stop.go: the times; step.go: which steps down count
//	Why are records late after a scale-down?             scaler            probation.go: look has the other reasons; which partitions: Waits of scaler/seen
//	When do all scalers stop scaling down?               scaler/breaker    fleet.go: Fleet, which the engine calls
//	When is a group idle?                                scaler/need       measure.go: idle
//	What does an objective cost, and what keeps it?      scaler/promise    doc.go; choose.go: which room (headroom) is in force; ../need/room.go
//	What did all scalers take, and what instead?         scaler/bill       doc.go; account.go: Next, where hours begin and end: reach
//	What happened to a scaler in the last week?          scaler/timeline   doc.go; timeline.go: Next; its page is of internal/web
//	What would another policy have decided?              scaler/sim        doc.go: the simulator; lineup.go: the alternatives
//	What would these settings have done to my history?   internal/tryout   doc.go; case.go: Cases has what is simulated; brake.go: how a restriction is removed
//	Which recorded traffic is simulated?                 scaler/sim/traces        traces.go: the traces that are shipped
//	Does the program say only what is true?              scaler/sim/worlds        doc.go: days with a hidden truth, and judges of it
//	How is docs/scaling-benchmark.md made?               scaler/sim/benchmark     jobs.go: what is simulated; report.go
//	Is a new version of the consumers slower?            scaler/release    doc.go has the rule; speed.go
//	How are simulations plotted?                         internal/plot     plot.go
//	What was seen and decided, for a bug report?         internal/record   doc.go: the format; replay.go decides it again; writer.go: rotation, a full disk
//	How are Kubernetes objects read and written?         scaler/kube       doc.go; scales.go is the only writer of replicas
//	Which Events are written, and how often?             scaler/kube       events.go
//	Who writes the status of a KafkaScaler?              scaler/kube       publisher.go: writeStatus; asleep.go: intend, before a write of 0
//	Which namespace may name which group and topic?      scaler/kube       scalers.go: allowed, mayName; convert.go: a target is always in its scaler's namespace
//	Which permissions are needed, and for what?          scaler/kube/access     permissions.go; rights.go: Note sees a refusal
//	Which of two installations keeps a KafkaScaler?      scaler/kube       keeper.go: how it is claimed; others.go: when another one is taken over
//	Which replica leads, and until when?                 scaler/kube/election   election.go
//	How large is a target, and who else scales it?       scaler/kube/watch      workloads.go
//	Was a change of the replicas our own?                scaler/kube/watch   targets.go: ours; objects.go: isOurs; for a change to 0 see asleep
//	Which conditions, reasons and annotations are there? scaler/kube/v1alpha1   status.go
//	Which thresholds apply when a scaler sets some?      internal/engine   engine.go: slo; declared.go: those of scalers; lag.DefaultSLO is the rest
//	Do they apply when the scaler is refused?            scaler            outcome.go: Applies
//	What may a user set?                                 internal/config   config.go; docs/configuration.md is made from it
//	What are the defaults, and what if a key is unknown? internal/config   defaults.go; decode.go
//	How does init find the workload of a group?          internal/propose  doc.go: what is certain and what is not
//	Which settings does it copy, and where go secrets?   internal/config   portable.go: Portable
//	In which pod does a member run, among all pods?      scaler/seen       locate.go: Locate
//	What does check ask the API server?                  scaler/kube       check.go; strimzicheck.go, for clusters of Strimzi; inventory.go: what init lists
//	How does a KEDA ScaledObject become a KafkaScaler?   internal/keda     convert.go; fields.go: what has no equivalent
//	What is KEDA told when it asks?                      scaler            answer.go: Answer has the cases; Unanswered: when it is an error
//	Who may ask for this number?                         internal/external  doc.go: the protocol; allow.go: allow
//	How does a replica that does not lead answer KEDA?   internal/external  leader.go: askLeader, leaderFor; stream.go
//	What does a plain HPA get, and who may ask for it?   scaler/kube/custommetrics   doc.go: the paths; who.go: who, may
//	Which scaler does a trigger of KEDA ask for?         scaler/kube       triggers.go: ParseTrigger, AskFor; with settings of its own: resource
//	Whose are the steps of an HPA towards our number?    scaler/kube/watch   targets.go: ours; internal/engine: followed
//	What keeps a password out of logs and pages?         internal/config   secret.go
//	Who takes a poll in, while others are decided?       internal/engine   taking.go, with a drawing
//	When is each of many clusters polled and sampled?    internal/engine   pace.go: spread; engine.go: Cluster has its own intervals
//	At whose polls is a scaler of several decided?       internal/engine   scaling.go: paced
//	What depends on the interval of a source?            scaler/seen       clock.go: Paced
//	What if the machine was suspended?                   internal/engine   suspend.go: what looks the same, in a table
//	What becomes of a broker's quota, and of our limits? lag/kafkasource/transport   quota.go; connections.go
//	How many requests a second does a cluster take?      lag/kafkasource   pace.go: loadOf
//	When is a changed password or certificate read?      lag/kafkasource/transport   sasl.go, tls.go: for each new connection
//	Where do tokens and tickets come from?               lag/kafkasource/transport   sasl_oauth.go, sasl_msk.go, sasl_gssapi.go
//	And when are open connections replaced for it?       internal/daemon   sources.go: follow
//	When is a scaler decided later than others?          internal/engine   turns.go: when its namespace has too many
//	Which goroutines are there?                          internal/engine   doc.go: the goroutines; engine.go: Tick is one whole cycle
//	How are the parts wired, started and stopped?        internal/daemon   daemon.go: New; run.go: Run, with a drawing
//	Who serves the port, with which TLS and password?    internal/daemon   serve.go
//	When is a change of the configuration noticed?       internal/config   reload.go; clusters.go: a cluster with a file of its own
//	Which clusters does Strimzi run?                     scaler/kube/strimzi   strimzi.go: Discovery; read.go: what a resource says
//	What does a changed configuration change?            internal/daemon   reload.go; restart.go: what needs a restart; sources.go: the clusters
//	What does it change in the engine?                   internal/engine   engine.go: configure
//	How does a command print what it read?               internal/output   table.go, lag.go, document.go
//	How does a command ask a running daemon?             internal/client   client.go
//	What may an assistant ask?                           internal/mcp      mcp.go: Server
//	How does kubectl lagscaler reach it?                 scaler/kube/reach   doc.go: the two ways; find.go: Find
//	How are joins, leaves and skew counted?              rebalancemon      member_stats.go
//	What is exposed under which name?                    internal/metrics  doc.go: which file has which table; group.go has the metrics of groups, such as rebalances by cause; docs/metrics.md is made from them
//	What is told to receivers of messages, and once?     internal/messages teller.go; outbox.go and save.go: what outlives a leader
//	How are messages sent, signed and repeated?          internal/messages/webhook   doc.go has the answers; sending.go
//	How are metrics pushed to a collector?               internal/otlp     push.go
//	Which groups have critical alerts?                   internal/metrics  group.go: tier
//	Which groups are left out when there are too many?   internal/metrics  limit.go
//	What is the JSON of lag?                             internal/api      lag.go: the types only; docs/json.md is made from it
//	Which function answers a path of the API?            internal/web      web.go: the routes
//	What do the pages show?                              internal/web      doc.go: the paths and their files
//	How many connections are open, and for how long?     internal/serve    doc.go: the bounds
//	How many pages and lists are answered at once?       internal/web      web.go, its constants
//	What was of a group before that, by Prometheus?      internal/history  history.go; internal/web: history.go
//	What do the charts remember, and how long?           internal/web/recent         ring.go; doc.go: the memory it takes
//	How are a million rebalances searched?               internal/web/events         doc.go
//	Whose is a group?                                    internal/engine   labels.go: the order
//	Which labels of Kubernetes say that?                 scaler/kube       scalers.go: owners
//	How do alerts get the labels that say that?          alerts            owners.go
//	Which alerts are there, and what to do then?         alerts            rules/; docs/runbooks
//	What does Grafana show?                              dashboards        as Go and as JSON
//	Do the chart and the configuration agree?            charts            schema_test.go
//	Which permissions does the chart grant in a mode?    charts            lagscaler/templates/_helpers.tpl
//	What runs in the demo?                               internal/demo     doc.go; traffic.go: produce; consumer.go, fleet.go: who consumes
//	How are the times of the demo shortened?             scaler/seen       clock.go
//	Is a claim of the documentation true?                e2e               a module of its own: real Kafka, Kubernetes, Prometheus
//	Is the YAML of the documentation valid?              e2e               ../docs_test.go, in the root of the repository
//
// Imports point one way; a <- b means that b imports a: lag <- rebalancemon <- scaler/seen <- {scaler/asleep, scaler/bill, scaler/breaker, scaler/promise, scaler/standby, scaler/timeline} <- scaler/learn <- scaler/need <- scaler <- scaler/say <-
// internal/engine <- {internal/metrics, internal/web, internal/external} <- internal/daemon <- cmd.
// All packages before internal/engine, and scaler/sim, do no I/O, read no clock, write no log and start no goroutine.
// house_test.go checks all of this.
//
// # This package
//
// Every subcommand has a file of its own and uses no other subcommand, so there are more than 15 files. They have one task: a
// subcommand reads its flags, calls a package that does the work, and prints the result.
//
//	main.go, exit.go     a command line becomes an exit code
//	root.go              one line for each subcommand
//	flags.go, traffic.go flags of several subcommands, and the configuration or the daemon that these flags select
//	try.go               the flags and the table of commands that try settings before they are in force
//	run.go, lag.go, …    one subcommand each
//
// The work is elsewhere: internal/daemon runs, internal/output prints, internal/client asks a running daemon.
// To add a subcommand, write newThing in thing.go, add its line to newRoot, and run go test -update here for docs/cli.md.
package main
