package bill

import _ "github.com/lagscaler/lagscaler/internal/fixedseed"
