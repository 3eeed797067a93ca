// Package versus runs KEDA beside lagscaler, on real servers. It is no part of make test: KEDA takes nine minutes to build. make versus
// runs it.
package versus
