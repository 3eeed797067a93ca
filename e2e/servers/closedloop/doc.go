// Package closedloop closes the loop of a scaler for a test: for every Ready pod of a Deployment it runs one real consumer
// process, under a load that the test sets. So a decision of lagscaler changes the replicas, the pods, the consumers, and then
// the lag that it measures.
//
//	func TestMain(m *testing.M) { closedloop.Main(m) }
//
//	s := closedloop.Open(t, closedloop.Setup{Rate: 60, Replicas: 2})
//	d := s.Start()
//	s.AwaitVerdict(d, scaler.Steady)
//	s.Load.Set(300)
//
//	loop.go       the topic, the Deployment, the KafkaScaler, and what became of them
//	daemon.go     a daemon that runs, and what it published
//	process.go    main of that process: the program's own wiring, with other clocks
//	report.go     what it publishes at each poll
//	clock.go      its wall clock is set forward and back
//	consumer      one consumer process
//	load.go       the producer
//
// A daemon is the test binary, started again: [Main] is its main, too. Consumers are a program of their own, built by the first loop.
package closedloop
