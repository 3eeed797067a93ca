package promise

import _ "github.com/lagscaler/lagscaler/internal/fixedseed"
