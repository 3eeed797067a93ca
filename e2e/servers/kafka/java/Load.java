import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** A producer that keeps to a rate. With keys it spreads by their hash, without by turns over the partitions. */
final class Load extends Thread {
    private final String id;
    private final String topic;
    private final int keys;
    private final byte[] value;
    private final KafkaProducer<byte[], byte[]> producer;
    private final AtomicLong acked = new AtomicLong();
    private volatile double perSecond;
    private volatile JsonNode draining;

    Load(JsonNode command, Map<String, Object> properties) {
        super("load-" + command.path("id").asText());
        setDaemon(true);
        id = command.path("id").asText();
        topic = command.path("topic").asText();
        keys = command.path("keys").asInt();
        value = new byte[command.path("bytes").asInt()];
        perSecond = command.path("perSecond").asDouble();
        producer = new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
    }

    void rate(double newPerSecond) {
        perSecond = newPerSecond;
    }

    /** Ends the load once everything sent is acknowledged, and then answers the command. */
    void drain(JsonNode command) {
        draining = command;
        if (!isAlive()) {
            throw new IllegalStateException("this load has failed");
        }
    }

    @Override
    public void run() {
        long sent = 0;
        try {
            int partitions = producer.partitionsFor(topic).size();
            double due = 0;
            long last = System.nanoTime();
            while (draining == null) {
                long now = System.nanoTime();
                due += perSecond * (now - last) / 1e9;
                last = now;
                for (; due >= 1; due--, sent++) {
                    producer.send(record(sent, partitions), this::count);
                }
                LockSupport.parkNanos(5_000_000);
            }
            producer.close();
            Fleet.emit(Fleet.event("done").put("cmd", draining.path("cmd").asLong()).put("acked", acked.get()));
        } catch (Exception e) {
            Fleet.emit(Fleet.event("failed").put("producer", id).put("error", Fleet.words(e)));
            if (draining != null) {
                Fleet.refused(draining, e);
            }
        }
    }

    private void count(RecordMetadata written, Exception failure) {
        if (failure == null) {
            acked.incrementAndGet();
        }
    }

    private ProducerRecord<byte[], byte[]> record(long n, int partitions) {
        if (keys == 0) {
            return new ProducerRecord<>(topic, (int) (n % partitions), null, value);
        }
        return new ProducerRecord<>(topic, ("k" + n % keys).getBytes(), value);
    }
}
