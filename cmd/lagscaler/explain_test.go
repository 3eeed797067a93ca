package main

import (
	"testing"

	"github.com/lagscaler/lagscaler/internal/web"
)

func TestNamesOfAScaler(t *testing.T) {
	s := web.DecisionView{
		Name: "shop/orders", Target: "Deployment/shop/orders-worker", Sources: []web.SourceView{{Group: "orders-eu"}, {Group: "orders-us"}},
	}
	for name, want := range map[string]bool{
		"shop/orders": true, "shop/orders-worker": true, "orders-eu": true, "orders-us": true,
		"orders": false, "orders-worker": false, "other/orders": false, "Deployment": false, "": false,
	} {
		if got := names(name, s); got != want {
			t.Errorf("%q stands for it: %v", name, got)
		}
	}
}
