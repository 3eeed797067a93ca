package propose

import _ "github.com/lagscaler/lagscaler/internal/fixedseed"
