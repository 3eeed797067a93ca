package recent

import _ "github.com/lagscaler/lagscaler/internal/fixedseed"
