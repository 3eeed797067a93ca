package web

import (
	"reflect"
	"testing"

	"github.com/lagscaler/lagscaler/internal/api"
	"github.com/lagscaler/lagscaler/internal/frozen"
)

func TestFrozenJSON(t *testing.T) {
	var names []string
	for _, r := range routes {
		names = append(names, r.twin)
	}
	for path, answer := range map[string]reflect.Type{
		"/api/v1/lag":        reflect.TypeFor[api.Lag](),
		"/api/v1/groups":     reflect.TypeFor[GroupsPage](),
		"/api/v1/group":      reflect.TypeFor[GroupPage](),
		"/api/v1/decisions":  reflect.TypeFor[DecisionsPage](),
		"/api/v1/rebalances": reflect.TypeFor[RebalancesPage](),
		"/api/v1/status":     reflect.TypeFor[StatusPage](),
		"/api/v1/compare":    reflect.TypeFor[ComparePage](),
		"/api/v1/price":      reflect.TypeFor[PricePage](),
		"/api/v1/scaler":     reflect.TypeFor[ScalerPage](),
		"/api/v1/bill":       reflect.TypeFor[BillPage](),
	} {
		for _, key := range frozen.Keys(answer, "json") {
			names = append(names, path+" "+key)
		}
	}
	frozen.Hold(t, "json", names)
}
