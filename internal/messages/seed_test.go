package messages

import _ "github.com/lagscaler/lagscaler/internal/fixedseed"
