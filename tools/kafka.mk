# Apache Kafka's jars for the tests in e2e/servers/kafka, from Maven. Stands alone: make -f tools/kafka.mk kafka
#
# $(CACHE)/kafka-3.9/libs and $(CACHE)/kafka-4.3/libs hold the jars. The stamp beside them is named after the
# checksum of the pom, so a changed pom fetches again and an unchanged one does nothing. One lock for
# all of Maven lets several makes run at once: its own folder is not safe for two.

CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/lagscaler
KAFKA_TOOLS := $(dir $(lastword $(MAKEFILE_LIST)))

KAFKA_VERSIONS := 3.9 4.3

.PHONY: kafka kafka-toolchain $(KAFKA_VERSIONS:%=kafka-%)

## kafka: fetch the jars of Apache Kafka 3.9 and 4.3 for the tests
kafka: $(KAFKA_VERSIONS:%=kafka-%)

$(KAFKA_VERSIONS:%=kafka-%): kafka-%: kafka-toolchain
	@mkdir -p '$(CACHE)/kafka-$*'
	@flock '$(CACHE)/maven.lock' sh '$(KAFKA_TOOLS)kafka-fetch.sh' '$(KAFKA_TOOLS)kafka-$*/pom.xml' '$(CACHE)/kafka-$*'

kafka-toolchain:
	@sh '$(KAFKA_TOOLS)kafka-toolchain.sh'
