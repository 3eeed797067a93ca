import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.Field;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * One consumer in a thread of its own, which alone touches the client. Commands come by mail and are obeyed between
 * two records. What is committed is exactly what has been processed.
 */
final class Member extends Thread implements ConsumerRebalanceListener {
    private final String id;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final LinkedBlockingQueue<JsonNode> mail = new LinkedBlockingQueue<>();
    private final Map<TopicPartition, OffsetAndMetadata> processed = new HashMap<>();
    private final long processingNanos;
    private final long commitNanos;
    private long lastCommit = System.nanoTime();
    private JsonNode ending;
    private boolean vanishing;

    Member(JsonNode command, Map<String, Object> properties) {
        super("member-" + command.path("id").asText());
        setDaemon(true);
        id = command.path("id").asText();
        processingNanos = command.path("processingMicros").asLong() * 1000;
        commitNanos = command.path("commitMs").asLong() * 1_000_000;
        properties.put("enable.auto.commit", "false");
        consumer = new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        consumer.subscribe(strings(command.path("topics")), this);
    }

    void post(JsonNode command) {
        if (!isAlive()) {
            throw new IllegalStateException("this consumer has ended");
        }
        mail.add(command);
    }

    @Override
    public void run() {
        try {
            while (ending == null) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                    obeyMail();
                    if (ending != null) {
                        break;
                    }
                    process(record);
                }
                obeyMail();
                commitWhenDue();
            }
            end();
            Fleet.done(ending);
        } catch (Exception e) {
            tell("failed", e);
            if (ending != null) {
                Fleet.refused(ending, e);
            }
        } finally {
            if (!vanishing) {
                consumer.close(Duration.ZERO);
            }
            // Mail that came too late would otherwise be waited for in vain.
            mail.forEach(command -> Fleet.refused(command, new IllegalStateException("this consumer has ended")));
        }
    }

    private void process(ConsumerRecord<byte[], byte[]> record) {
        long until = System.nanoTime() + processingNanos;
        for (long left = processingNanos; left > 0; left = until - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
        processed.put(new TopicPartition(record.topic(), record.partition()), new OffsetAndMetadata(record.offset() + 1));
        commitWhenDue();
    }

    private void commitWhenDue() {
        if (commitNanos > 0 && System.nanoTime() - lastCommit >= commitNanos) {
            commit();
        }
    }

    private void commit() {
        lastCommit = System.nanoTime();
        if (processed.isEmpty()) {
            return;
        }
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>(processed);
        try {
            consumer.commitSync(offsets);
            processed.clear();
            tellCommitted(offsets);
        } catch (KafkaException e) {
            // Kicked out or rebalancing: the records come again, to whoever gets the partition.
            tell("commitFailed", e);
        }
    }

    private void obeyMail() {
        for (JsonNode command = mail.poll(); command != null && ending == null; command = mail.poll()) {
            try {
                obey(command);
            } catch (Exception e) {
                Fleet.refused(command, e);
            }
        }
    }

    private void obey(JsonNode command) throws InterruptedException {
        switch (command.path("op").asText()) {
            case "stop" -> ending = command;
            case "vanish" -> {
                ending = command;
                vanishing = true;
            }
            case "stall" -> {
                Fleet.done(command);
                stall(command.path("ms").asLong());
            }
            case "subscribe" -> {
                consumer.subscribe(strings(command.path("topics")), this);
                Fleet.done(command);
            }
            case "seek" -> {
                processed.remove(partition(command));
                consumer.seek(partition(command), command.path("offset").asLong());
                Fleet.done(command);
            }
            case "commit" -> {
                var offsets = Map.of(partition(command), new OffsetAndMetadata(command.path("offset").asLong()));
                consumer.commitSync(offsets);
                tellCommitted(offsets);
                Fleet.done(command);
            }
            default -> throw new IllegalArgumentException("unknown op");
        }
    }

    /** Does not poll for so long, or until mail says otherwise. Heartbeats go on, as in a stuck handler. */
    private void stall(long ms) throws InterruptedException {
        Fleet.emit(told("stalled"));
        JsonNode next = mail.poll(ms, TimeUnit.MILLISECONDS);
        Fleet.emit(told("resumed"));
        if (next != null) {
            obey(next);
        }
    }

    private void end() throws Exception {
        if (vanishing) {
            closeWithoutLeaving();
            Fleet.emit(told("vanished"));
            return;
        }
        if (commitNanos > 0) {
            commit();
        }
        consumer.close(Duration.ofSeconds(10));
        Fleet.emit(told("closed"));
    }

    /**
     * Ends the client so that the coordinator hears nothing and the session has to time out, as when a process is
     * killed. No public option does that for every protocol and version, so it reaches into the client: the thread
     * that talks to the brokers ends (KIP-848), or the setting that makes it leave is turned off (classic).
     */
    private void closeWithoutLeaving() throws Exception {
        Object delegate = field(consumer, "delegate");
        if (delegate.getClass().getSimpleName().equals("AsyncKafkaConsumer")) {
            Object events = field(delegate, "applicationEventHandler");
            events.getClass().getMethod("close", Duration.class).invoke(events, Duration.ZERO);
            return;
        }
        Object config = field(field(delegate, "coordinator"), "rebalanceConfig");
        try {
            Field leave = config.getClass().getDeclaredField("leaveGroupOnClose");
            leave.setAccessible(true);
            leave.set(config, false);
            consumer.close(Duration.ZERO);
        } catch (NoSuchFieldException e) {
            closeRemaining();
        }
    }

    /** From 4.1 on there is a public option; here by its name, for the sake of older clients. */
    private void closeRemaining() throws Exception {
        Class<?> options = Class.forName("org.apache.kafka.clients.consumer.CloseOptions");
        Class<?> operations = Class.forName("org.apache.kafka.clients.consumer.CloseOptions$GroupMembershipOperation");
        Object remain = operations.getField("REMAIN_IN_GROUP").get(null);
        Object option = options.getMethod("groupMembershipOperation", operations).invoke(null, remain);
        option = options.getMethod("withTimeout", Duration.class).invoke(option, Duration.ZERO);
        KafkaConsumer.class.getMethod("close", options).invoke(consumer, option);
    }

    private static Object field(Object of, String name) throws Exception {
        for (Class<?> c = of.getClass(); c != null; c = c.getSuperclass()) {
            try {
                Field f = c.getDeclaredField(name);
                f.setAccessible(true);
                return f.get(of);
            } catch (NoSuchFieldException e) {
                continue; // it is a superclass's
            }
        }
        throw new NoSuchFieldException(name);
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
        tellPartitions("assigned", partitions, consumer.assignment());
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
        if (vanishing) {
            return;
        }
        if (commitNanos > 0) {
            commit();
        }
        forget("revoked", partitions);
    }

    @Override
    public void onPartitionsLost(Collection<TopicPartition> partitions) {
        if (!vanishing) {
            forget("lost", partitions);
        }
    }

    private void forget(String kind, Collection<TopicPartition> partitions) {
        processed.keySet().removeAll(partitions);
        List<TopicPartition> rest = new ArrayList<>(consumer.assignment());
        rest.removeAll(partitions);
        tellPartitions(kind, partitions, rest);
    }

    private ObjectNode told(String kind) {
        return Fleet.event(kind).put("consumer", id);
    }

    private void tell(String kind, Exception e) {
        Fleet.emit(told(kind).put("error", Fleet.words(e)));
    }

    private void tellPartitions(String kind, Collection<TopicPartition> partitions, Collection<TopicPartition> owned) {
        ObjectNode event = told(kind)
            .put("generation", consumer.groupMetadata().generationId())
            .put("member", consumer.groupMetadata().memberId());
        event.set("partitions", json(partitions));
        event.set("owned", json(owned));
        Fleet.emit(event);
    }

    private void tellCommitted(Map<TopicPartition, OffsetAndMetadata> offsets) {
        ArrayNode list = Fleet.array();
        offsets.forEach((tp, o) -> list.addObject()
            .put("topic", tp.topic()).put("partition", tp.partition()).put("offset", o.offset()));
        ObjectNode event = told("committed");
        event.set("offsets", list);
        Fleet.emit(event);
    }

    private static ArrayNode json(Collection<TopicPartition> partitions) {
        ArrayNode list = Fleet.array();
        partitions.forEach(tp -> list.addObject().put("topic", tp.topic()).put("partition", tp.partition()));
        return list;
    }

    private static TopicPartition partition(JsonNode command) {
        return new TopicPartition(command.path("topic").asText(), command.path("partition").asInt());
    }

    private static Set<String> strings(JsonNode list) {
        Set<String> all = new TreeSet<>();
        list.forEach(s -> all.add(s.asText()));
        return all;
    }
}
