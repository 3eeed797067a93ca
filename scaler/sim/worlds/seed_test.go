package worlds

import _ "github.com/lagscaler/lagscaler/internal/fixedseed"
