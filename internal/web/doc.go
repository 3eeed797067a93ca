// Package web shows a Report as pages and as JSON, and answers health checks.
//
// It is read-only and lives from the latest Report and from a [Ring] of the last two hours: a page costs Kafka and
// Kubernetes nothing. Every page has a JSON twin, made from the same value. Nothing is loaded from elsewhere;
// the pages work without JavaScript, which only keeps them live and draws the charts.
package web
