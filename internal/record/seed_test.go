package record

import _ "github.com/lagscaler/lagscaler/internal/fixedseed"
