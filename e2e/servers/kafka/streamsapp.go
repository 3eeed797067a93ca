package kafka

import "testing"

// StreamsApp describes an application of Kafka Streams with two stream threads, 4.4 only.
type StreamsApp struct {
	ID       string   // application.id, which is the group
	Protocol Protocol // Classic, or [KIP1071]
	Topics   []string // to read
	Join     bool     // the two topics are joined, which is one subtopology; else each is one of its own
}

// KIP1071 is the protocol of streams groups.
const KIP1071 Protocol = "streams"

// StreamsApp starts the application, and waits until it runs.
func (c *Cluster) StreamsApp(t testing.TB, a StreamsApp) *Client {
	t.Helper()
	jar, err := c.tools.programJar(t.Context(), streamsProgram)
	if err != nil {
		t.Fatal(err)
	}
	topology := "apart"
	if a.Join {
		topology = "join"
	}
	app := c.startClient(t, jvm{
		class: "Streams", jars: []string{jar},
		args: append([]string{c.bootstrap, a.ID, string(a.Protocol), topology}, a.Topics...),
	}, func(line []byte) (Event, bool, error) { return Event{Kind: EventKind(line)}, true, nil })
	app.Await("the application to run", func(e Event) bool { return e.Kind == "RUNNING" })
	return app
}
