package standby

import _ "github.com/lagscaler/lagscaler/internal/fixedseed"
