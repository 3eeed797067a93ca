package config

import _ "github.com/lagscaler/lagscaler/internal/fixedseed"
