package need

import _ "github.com/lagscaler/lagscaler/internal/fixedseed"
