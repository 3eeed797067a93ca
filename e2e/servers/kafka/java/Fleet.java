import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Many Kafka clients in one JVM, obeying JSON lines on standard input and telling what happens as JSON lines on
 * standard output. Every command carries a number, "cmd"; exactly one line of kind "done" or "refused" answers it.
 *
 * <p>Commands: join, stop, vanish, stall, subscribe, seek, commit (consumers, see Member); produce, rate, drain
 * (loads, see Load); begin, end (transactions, see Transaction). When standard input ends, the JVM halts.
 */
public final class Fleet {
    static final ObjectMapper JSON = new ObjectMapper();

    private final String bootstrap;
    private final Map<String, Member> members = new ConcurrentHashMap<>();
    private final Map<String, Load> loads = new ConcurrentHashMap<>();
    private final Map<String, Transaction> transactions = new ConcurrentHashMap<>();

    private Fleet(String bootstrap) {
        this.bootstrap = bootstrap;
    }

    /** The one argument is the bootstrap servers. */
    public static void main(String[] args) throws Exception {
        Fleet fleet = new Fleet(args[0]);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        emit(event("ready"));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            JsonNode command = JSON.readTree(line);
            try {
                fleet.obey(command);
            } catch (Exception e) {
                refused(command, e);
            }
        }
        Runtime.getRuntime().halt(0);
    }

    /** Says whether a member is gone. One that has just said so may need a moment until its thread has ended. */
    private static boolean ended(Member member) {
        try {
            member.join(5000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return !member.isAlive();
    }

    private void obey(JsonNode command) {
        String id = command.path("id").asText();
        switch (command.path("op").asText()) {
            case "join" -> {
                Member old = members.get(id);
                if (old != null && !ended(old)) {
                    throw new IllegalStateException("a consumer with this id is running");
                }
                Member member = new Member(command, properties(command));
                members.put(id, member);
                member.start();
                done(command);
            }
            case "stop", "vanish", "stall", "subscribe", "seek", "commit" -> known(members, id).post(command);
            case "produce" -> {
                if (loads.containsKey(id)) {
                    throw new IllegalStateException("a load with this id is running");
                }
                Load load = new Load(command, properties(command));
                loads.put(id, load);
                load.start();
                done(command);
            }
            case "rate" -> {
                known(loads, id).rate(command.path("perSecond").asDouble());
                done(command);
            }
            case "drain" -> {
                known(loads, id).drain(command);
                loads.remove(id);
            }
            case "begin" -> transactions
                .computeIfAbsent(id, x -> new Transaction(x, properties(command)))
                .begin(command);
            case "end" -> known(transactions, id).end(command);
            default -> throw new IllegalArgumentException("unknown op");
        }
    }

    private static <T> T known(Map<String, T> things, String id) {
        T thing = things.get(id);
        if (thing == null) {
            throw new IllegalArgumentException("no such id");
        }
        return thing;
    }

    /** The properties that every client gets, and over them the command's own. */
    private Map<String, Object> properties(JsonNode command) {
        Map<String, Object> all = new ConcurrentHashMap<>();
        all.put("bootstrap.servers", bootstrap);
        all.put("client.id", command.path("id").asText());
        all.put("metadata.max.age.ms", "1000");
        all.put("reconnect.backoff.max.ms", "200");
        JsonNode own = command.path("properties");
        own.fieldNames().forEachRemaining(key -> all.put(key, own.path(key).asText()));
        return all;
    }

    static ObjectNode event(String kind) {
        return JSON.createObjectNode().put("at", System.currentTimeMillis()).put("kind", kind);
    }

    /** Writes one line, whole, whatever other threads write. */
    static void emit(ObjectNode event) {
        synchronized (System.out) {
            System.out.println(event);
            System.out.flush();
        }
    }

    static void done(JsonNode command) {
        emit(event("done").put("cmd", command.path("cmd").asLong()));
    }

    static void refused(JsonNode command, Exception e) {
        emit(event("refused").put("cmd", command.path("cmd").asLong()).put("error", words(e)));
    }

    /** What went wrong, and what was beneath it. */
    static String words(Throwable e) {
        return e.getCause() == null ? e.toString() : e + ": " + words(e.getCause());
    }

    static ArrayNode array() {
        return JSON.createArrayNode();
    }
}
