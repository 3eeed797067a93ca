package kafka

import (
	"fmt"
	"path/filepath"
)

// Brokers and clients log warnings to standard error, and group coordinators all
// that happens to groups, one line each as [coordlog.Parse] reads them. That a
// peer is not up yet is no warning while a cluster starts.
const (
	reload4j = `log4j.rootLogger=WARN, stderr
log4j.appender.stderr=org.apache.log4j.ConsoleAppender
log4j.appender.stderr.target=System.err
log4j.appender.stderr.layout=org.apache.log4j.PatternLayout
log4j.appender.stderr.layout.ConversionPattern=%d{yyyy-MM-dd'T'HH:mm:ss.SSSZ} %p %c{1} %m%n
log4j.logger.kafka.coordinator.group.GroupCoordinator=INFO
log4j.logger.org.apache.kafka.clients.NetworkClient=ERROR
`
	log4j2 = `appender.stderr.type=Console
appender.stderr.name=STDERR
appender.stderr.target=SYSTEM_ERR
appender.stderr.layout.type=PatternLayout
appender.stderr.layout.pattern=%d{yyyy-MM-dd'T'HH:mm:ss.SSSZ} %p %c{1} %m%n
rootLogger.level=WARN
rootLogger.appenderRef.stderr.ref=STDERR
logger.group.name=org.apache.kafka.coordinator.group.GroupMetadataManager
logger.group.level=DEBUG
logger.network.name=org.apache.kafka.clients.NetworkClient
logger.network.level=ERROR
`
)

// logConfig writes the logging configuration into the cache, once, and
// returns the JVM option that names it.
func (in install) logConfig() (string, error) {
	name, text, option := "log4j2.properties", log4j2, "-Dlog4j2.configurationFile="
	if !in.version.Since(V43) {
		name, text, option = "log4j.properties", reload4j, "-Dlog4j.configuration=file:"
	}
	path := filepath.Join(in.dir, name)
	if old, err := readIfExists(path); err != nil {
		return "", fmt.Errorf("reading the logging configuration: %w", err)
	} else if string(old) != text {
		if err := publish(path, []byte(text)); err != nil {
			return "", fmt.Errorf("writing the logging configuration: %w", err)
		}
	}
	return option + path, nil
}
