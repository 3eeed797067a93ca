# The accuracy of the rebalance monitor, measured on real Kafka.

.PHONY: accuracy

## accuracy: cause rebalances on real Kafka for some minutes, compare with the brokers' logs, write docs/accuracy.md
accuracy: kafka-archives
	cd e2e && go test ./suites/rebalance -count=1 -timeout 30m -v -run '^TestAccuracy$$' -accuracy '$(CURDIR)/docs/accuracy.md'
