# Faults of everything that lagscaler depends on, on real servers.

.PHONY: chaos

## chaos: break brokers, connections, apiserver and replicas for a quarter of an hour, write docs/reliability.md (SEED=2026)
chaos: kafka-archives kubernetes
	cd e2e && go test ./suites/chaos -count=1 -timeout 40m -v -run '^TestReliability$$' -reliability '$(CURDIR)/docs/reliability.md' \
		-chaos-seed $(or $(SEED),2026)
