package timeline

import _ "github.com/lagscaler/lagscaler/internal/fixedseed"
