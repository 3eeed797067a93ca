import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** A transactional producer: begin sends records into an open transaction, end commits or aborts it. */
final class Transaction {
    private final KafkaProducer<byte[], byte[]> producer;
    private final ExecutorService thread = Executors.newSingleThreadExecutor(work -> {
        Thread t = new Thread(work, "transaction");
        t.setDaemon(true);
        return t;
    });

    Transaction(String id, Map<String, Object> properties) {
        properties.put("transactional.id", id);
        producer = new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
        thread.execute(producer::initTransactions);
    }

    void begin(JsonNode command) {
        perform(command, () -> {
            producer.beginTransaction();
            for (int i = 0; i < command.path("count").asInt(); i++) {
                producer.send(new ProducerRecord<>(
                    command.path("topic").asText(), command.path("partition").asInt(), null, new byte[1]));
            }
            producer.flush();
        });
    }

    void end(JsonNode command) {
        perform(command, () -> {
            if (command.path("commit").asBoolean()) {
                producer.commitTransaction();
            } else {
                producer.abortTransaction();
            }
        });
    }

    private void perform(JsonNode command, Runnable work) {
        thread.execute(() -> {
            try {
                work.run();
                Fleet.done(command);
            } catch (Exception e) {
                Fleet.refused(command, e);
            }
        });
    }
}
