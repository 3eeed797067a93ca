package sim

import _ "github.com/lagscaler/lagscaler/internal/fixedseed"
