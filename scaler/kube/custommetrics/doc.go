// Package custommetrics serves custom.metrics.k8s.io to the API server, so that a plain HPA can ask for the number of replicas.
//
// The problem: an HPA of the type Object asks the API server about an object, here a KafkaScaler, and the API server passes the
// question on to whoever has registered for that API. The server that answers must know that it is the API server that asks, and for
// whom.
//
// The rules:
//
//   - One metric, replicas, of KafkaScalers. The HPA needs averageValue 1: then it makes as many replicas as the metric says. With
//     value it multiplies the present size by the metric.
//   - The number is that which KEDA gets: package external gives it, also if another replica leads.
//   - What is not known is an error. An HPA keeps its size then.
//   - Only the API server may ask. Its client certificate is signed by the authority in the ConfigMap
//     kube-system/extension-apiserver-authentication, and its headers say for whom it asks. Whether that user may read the metric is
//     asked of the API server (SubjectAccessReview).
//
// What is asked, and what is answered, below /apis/custom.metrics.k8s.io:
//
//	path                                                          answer
//	(none)                                                        the versions of the API: v1beta2
//	/v1beta2                                                      the metrics that there are
//	/v1beta2/namespaces/NS/kafkascalers.lagscaler.io/NAME/replicas   one value
//
// The protocol is that of https://github.com/kubernetes/metrics, custom_metrics/v1beta2, and of
// https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer.
//
//	file        question
//	server.go   what is answered?
//	who.go      who asks, and may they?
package custommetrics
