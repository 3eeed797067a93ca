import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.state.Stores;

/**
 * An application of Kafka Streams: BOOTSTRAP APPLICATION PROTOCOL TOPOLOGY TOPIC... It joins two topics, or reads each apart,
 * and prints the states that it gets into. Its stores are in memory.
 */
public final class Streams {
    public static void main(String[] args) throws Exception {
        Properties p = new Properties();
        p.put("bootstrap.servers", args[0]);
        p.put("application.id", args[1]);
        p.put("group.protocol", args[2]);
        p.put("num.stream.threads", "2");
        p.put("commit.interval.ms", "500");
        p.put("state.dir", Files.createTempDirectory("lagscaler-streams-").toString());
        p.put("default.key.serde", Serdes.ByteArraySerde.class.getName());
        p.put("default.value.serde", Serdes.ByteArraySerde.class.getName());
        p.put("auto.offset.reset", "earliest");
        p.put("replication.factor", "1");
        StreamsBuilder builder = new StreamsBuilder();
        List<String> topics = List.of(args).subList(4, args.length);
        if (args[3].equals("join")) {
            join(builder, topics.get(0), topics.get(1));
        } else {
            for (String topic : topics) {
                builder.<byte[], byte[]>stream(topic).foreach((k, v) -> { });
            }
        }
        KafkaStreams streams = new KafkaStreams(builder.build(), p);
        streams.setStateListener((now, before) -> {
            System.out.println(now);
            System.out.flush();
        });
        streams.start();
        while (System.in.read() >= 0) { // until the test ends
        }
        streams.close(Duration.ofSeconds(10));
    }

    private static void join(StreamsBuilder builder, String left, String right) {
        Duration window = Duration.ofSeconds(10);
        KStream<byte[], byte[]> one = builder.stream(left);
        one.join(builder.<byte[], byte[]>stream(right), (a, b) -> a, JoinWindows.ofTimeDifferenceWithNoGrace(window),
            StreamJoined.with(Serdes.ByteArray(), Serdes.ByteArray(), Serdes.ByteArray())
                .withThisStoreSupplier(Stores.inMemoryWindowStore("this", window.multipliedBy(2), window.multipliedBy(2), true))
                .withOtherStoreSupplier(Stores.inMemoryWindowStore("other", window.multipliedBy(2), window.multipliedBy(2), true))
                .withLoggingDisabled())
            .foreach((k, v) -> { });
    }
}
