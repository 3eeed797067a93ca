package framing

import _ "github.com/lagscaler/lagscaler/internal/fixedseed"
