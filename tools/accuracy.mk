# How right lagscaler is about rebalances: measured on real Kafka, for minutes.

.PHONY: accuracy

## accuracy: disturb real groups for minutes, compare with the brokers' logs, write docs/accuracy.md
accuracy: kafka
	cd e2e && go test ./suites/rebalance -count=1 -timeout 30m -v -run '^TestAccuracy$$' -accuracy '$(CURDIR)/docs/accuracy.md'
