# The jar files of Apache Kafka for e2e/servers/kafka, from Maven. This file also works alone: make -f tools/kafka.mk kafka
#
# The jar files are in $(CACHE)/kafka-3.9/libs, and so on for each version. A stamp file next to them has the checksum of
# the pom in its name: a changed pom downloads again, an unchanged pom does nothing. All calls of Maven share one lock,
# because two Mavens must not use the local repository at the same time. So several makes can run in parallel.

CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/lagscaler
KAFKA_TOOLS := $(dir $(lastword $(MAKEFILE_LIST)))

KAFKA_VERSIONS := 3.9 4.3 4.4
KAFKA_OLD := 2.8 3.0

.PHONY: kafka kafka-toolchain kafka-archives old-kafkas kafka-mirror $(KAFKA_VERSIONS:%=kafka-%) $(KAFKA_OLD:%=kafka-%)

## kafka: download the jar files of Apache Kafka 3.9, 4.3 and 4.4, and of MirrorMaker, for the tests
kafka: $(KAFKA_VERSIONS:%=kafka-%) kafka-mirror

# MirrorMaker is that of Kafka 4.3.
$(KAFKA_VERSIONS:%=kafka-%) $(KAFKA_OLD:%=kafka-%) kafka-mirror: kafka-%: kafka-toolchain
	@mkdir -p '$(CACHE)/kafka-$*'
	@flock '$(CACHE)/maven.lock' sh '$(KAFKA_TOOLS)kafka-fetch.sh' '$(KAFKA_TOOLS)kafka-$*/pom.xml' '$(CACHE)/kafka-$*'

# A JVM that starts from a class archive needs a third of the CPU. Brokers write them here, one after the other, and not in the tests.
kafka-archives: kafka
	@cd '$(KAFKA_TOOLS)../e2e' && go run ./servers/kafka/archives $(KAFKA_VERSIONS)

kafka-toolchain:
	@sh '$(KAFKA_TOOLS)debian.sh' 'testing with real Kafka' javac=default-jdk-headless mvn=maven flock=util-linux

# The stories of suites/lag that hold for every version. The old brokers get the Java clients of 3.9, and
# TestOldClients their own.
OLD_TESTS := TestConform|TestQuietClusters|TestOldClients

## old-kafkas: run the tests that hold for every version on Kafka 2.8 and 3.0, with ZooKeeper (KAFKAS="2.8 3.0")
old-kafkas: $(KAFKA_OLD:%=kafka-%) kafka-3.9
	cd e2e && LAGSCALER_KAFKA_VERSIONS="$(or $(KAFKAS),$(KAFKA_OLD))" go test -count=1 -p 1 -timeout 30m -run '^($(OLD_TESTS))$$' ./suites/lag
