// Package scale runs lagscaler with a real Kubernetes control plane and a real
// Kafka. For every Ready pod of a Deployment, the test runs one real consumer
// process. So a decision changes the replicas, the pods, the consumers and
// then the lag.
//
//	story_test.go                  traffic grows and goes back: sizes, Events, status and counts agree
//	trouble_test.go                traffic, pods, partitions or the target are not as usual
//	killed_test.go                 consumers die without leaving their group
//	init_test.go                   what lagscaler init proposes for six workloads
//	asleep_test.go                 zero replicas by hand, and a group that never ran
//	outage_test.go                 a broker, the API server or the leader is down
//	owners_test.go                 an HPA, a ScaledObject, the operator or a second scaler has the target
//	places_test.go                 consumers of one group run in two Kubernetes clusters
//	failover_test.go               a second Kafka cluster stands by, which MirrorMaker follows
//	freeze_test.go                 a namespace or a window freezes; a ResourceQuota is exhausted
//	kinds_test.go, crd_test.go     other kinds of targets; what the API server accepts
//	rights_test.go                 each right is missing once
//	calibrate_test.go              the run that docs/calibration.md is made of (make calibrate)
//
// A test is a scenario: open in main_test.go makes a closed loop of
// servers/closedloop, which has the Deployment, the processes and the load.
package scale
