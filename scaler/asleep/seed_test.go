package asleep

import _ "github.com/lagscaler/lagscaler/internal/fixedseed"
