// Package web opens the pages in a browser, as a user does.
//
//	test                                   what it opens
//	TestPages and the others               the program: lagscaler demo
//	TestNobodyAnswers                      the program's own wiring (internal/daemon), stopped and started again
//	TestHostileNames, TestInTrouble,       a part of the program: only the pages and the engine, see site
//	TestTenThousandGroups
//
// A site is only a part of the program, because these tests need groups, members and errors of Kubernetes that a real server
// does not produce on request, such as a group with a script as its name, and 10,000 groups with members.
package web
