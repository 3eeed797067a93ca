package chaos

import (
	"testing"

	"github.com/lagscaler/lagscaler/e2e/servers/closedloop"
)

func TestMain(m *testing.M) { closedloop.Main(m) }
