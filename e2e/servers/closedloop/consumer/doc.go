// Package consumer is one consumer process of a closed loop: a member of its groups that does one record after the other, and tells
// how many it has done and how old they were.
//
// A program of its own, and not the test binary once more: a loop starts one for each Ready pod, and the test binary has the race
// detector and the client of Kubernetes.
package consumer
