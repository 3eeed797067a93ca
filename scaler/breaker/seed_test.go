package breaker

import _ "github.com/lagscaler/lagscaler/internal/fixedseed"
