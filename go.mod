module github.com/lagscaler/lagscaler

go 1.26.0
