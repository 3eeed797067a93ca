package seen

import _ "github.com/lagscaler/lagscaler/internal/fixedseed"
