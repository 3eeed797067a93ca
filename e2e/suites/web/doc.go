// Package web opens the pages in a browser, as a user does.
//
//	test                                   what it opens
//	TestPages and the others               the program: lagscaler demo
//	TestNobodyAnswers                      the program's own wiring (internal/daemon), stopped and started again
//	TestHostileNames, TestInTrouble,       a part of the program: only the pages and the engine, see site
//	TestTenThousandGroups
//	TestGrafana                            the dashboards in a real Grafana, if there is one: make grafana
//
// A site is only a part of the program, because a real server does not produce on request what these tests need: a group whose
// name is a script, errors of Kubernetes, or 10,000 groups with members.
package web
