package rights

import _ "github.com/lagscaler/lagscaler/internal/fixedseed"
