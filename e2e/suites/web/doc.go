// Package web opens the pages in a browser, as a user does.
//
//	test                                   what it opens
//	TestPages and the others               the program: lagscaler demo
//	TestNobodyAnswers                      the program's own wiring (internal/daemon), stopped and started again
//	TestHostileNames, TestInTrouble,       a part alone: the pages over the engine, see site
//	TestTenThousandGroups
//
// A site is a part alone, because these tests need groups, members and refusals of Kubernetes that no server produces when
// asked, such as a group with a script as its name, and 10,000 groups with members.
package web
