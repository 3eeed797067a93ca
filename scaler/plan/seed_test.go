package plan

import _ "github.com/lagscaler/lagscaler/internal/fixedseed"
