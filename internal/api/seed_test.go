package api_test

import _ "github.com/lagscaler/lagscaler/internal/fixedseed"
