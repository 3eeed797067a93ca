# The first hour with lagscaler, walked by a test.

.PHONY: first-hour

## first-hour: walk the documentation from a fresh clone to a scaler that acts and back, write docs/first-hour.md (20 minutes)
first-hour: kafka-archives kubernetes chart-tools
	cd e2e && LAGSCALER_FIRST_HOUR='$(CURDIR)/docs/first-hour.md' go test ./suites/chart -count=1 -timeout 60m -v -run '^TestFirstHour$$'
