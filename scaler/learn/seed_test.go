package learn

import _ "github.com/lagscaler/lagscaler/internal/fixedseed"
