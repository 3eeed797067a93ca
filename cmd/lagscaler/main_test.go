package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
	"github.com/twmb/franz-go/pkg/sasl/plain"
)

func TestMain(m *testing.M) {
	// Most scripts wait for polls, so more of them than there are cores run side by side. -parallel overrides this.
	if err := flag.Set("test.parallel", "8"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	testscript.Main(m, map[string]func(){"lagscaler": main, "get": get})
}

// complaints is what a command printed on stderr, without the lines in which it only says what it waits for. On a slow machine any
// command may wait.
func complaints(stderr string) string {
	var b strings.Builder
	for line := range strings.Lines(stderr) {
		if !strings.HasSuffix(line, " …\n") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// get prints what an address answers.
func get() {
	if err := copyFrom(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func copyFrom(address string) error {
	resp, err := http.Get(address)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(os.Stdout, resp.Body)
	return err
}

// TestScripts runs the command line as a user types it. Beside testscript's own, there are the commands
//
//	kafka [sasl|acl]               starts an embedded cluster; $BROKERS
//	garbage                        starts a port that answers nonsense; $BROKERS
//	port                           finds a free port; $ADDR
//	exits CODE PROGRAM ARG…        runs a program that must end with the code
//	get URL                        prints what an address answers
//	eventually REGEXP PROGRAM ARG… runs a program until its output matches
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"kafka": startKafka, "garbage": startGarbage, "port": freePort, "exits": exits, "eventually": eventually,
		},
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
	})
}

func startKafka(ts *testscript.TestScript, _ bool, args []string) {
	options := []kfake.Opt{kfake.NumBrokers(3), kfake.SeedTopics(3, "orders"), kfake.BrokerConfigs(map[string]string{"group.initial.rebalance.delay.ms": "0"})}
	var login []kgo.Opt
	if len(args) > 0 {
		options = append(options, kfake.EnableSASL(), kfake.Superuser("PLAIN", "admin", "admin-secret"))
		login = append(login, kgo.SASL(plain.Auth{User: "admin", Pass: "admin-secret"}.AsMechanism()))
	}
	if slices.Contains(args, "acl") {
		options = append(options, kfake.EnableACLs(), kfake.User("PLAIN", "reader", "reader-secret"))
	}
	c, err := kfake.NewCluster(options...)
	ts.Check(err)
	ts.Defer(c.Close)
	c.ControlKey(int16(kmsg.SASLAuthenticate), refuseLogin(c))
	ts.Setenv("BROKERS", strings.Join(c.ListenAddrs(), ","))
	ts.Setenv("BROKER", c.ListenAddrs()[0])
	ts.Check(fill(c.ListenAddrs(), login))
}

// refuseLogin answers a wrong password as Apache Kafka does; the embedded cluster hangs up.
func refuseLogin(c *kfake.Cluster) func(kmsg.Request) (kmsg.Response, error, bool) {
	return func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		login := req.(*kmsg.SASLAuthenticateRequest)
		if bytes.HasSuffix(login.SASLAuthBytes, []byte("-secret")) && !bytes.Contains(login.SASLAuthBytes, []byte("not-the")) {
			return nil, nil, false
		}
		resp := login.ResponseKind().(*kmsg.SASLAuthenticateResponse)
		resp.ErrorCode = kerr.SaslAuthenticationFailed.Code
		message := "Authentication failed: Invalid username or password"
		resp.ErrorMessage = &message
		return resp, nil, true
	}
}

// fill produces 10, 20 and 30 records to the three partitions of orders, commits 4 and 20 for billing on the first two,
// and everything for "odd\tname".
func fill(brokers []string, login []kgo.Opt) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	cl, err := kgo.NewClient(append(login, kgo.SeedBrokers(brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.MaxVersions(kversion.V3_9_0()))...) // topics by name
	if err != nil {
		return err
	}
	defer cl.Close()
	var records []*kgo.Record
	for p, n := range []int{10, 20, 30} {
		for range n {
			records = append(records, &kgo.Record{Topic: "orders", Partition: int32(p), Value: []byte("v")})
		}
	}
	if err := cl.ProduceSync(ctx, records...).FirstErr(); err != nil {
		return err
	}
	for group, at := range map[string][]int64{"billing": {4, 20}, "odd\tname": {10, 20, 30}} {
		if err := commitOffsets(ctx, cl, group, at); err != nil {
			return err
		}
	}
	return nil
}

// commitOffsets commits as a client without a membership does.
func commitOffsets(ctx context.Context, cl *kgo.Client, group string, at []int64) error {
	req := kmsg.NewPtrOffsetCommitRequest()
	req.Group, req.Generation = group, -1
	topic := kmsg.NewOffsetCommitRequestTopic()
	topic.Topic = "orders"
	for p, o := range at {
		part := kmsg.NewOffsetCommitRequestTopicPartition()
		part.Partition, part.Offset = int32(p), o
		topic.Partitions = append(topic.Partitions, part)
	}
	req.Topics = append(req.Topics, topic)
	resp, err := req.RequestWith(ctx, cl)
	if err != nil {
		return err
	}
	return kerr.ErrorForCode(resp.Topics[0].Partitions[0].ErrorCode)
}

// startGarbage listens where a broker is expected, and speaks HTTP.
func startGarbage(ts *testscript.TestScript, _ bool, _ []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() })
	ts.Setenv("BROKERS", l.Addr().String())
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = bufio.NewReader(c).ReadByte()
				_, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"))
				_ = c.Close()
			}()
		}
	}()
}

func freePort(ts *testscript.TestScript, _ bool, _ []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv("ADDR", l.Addr().String())
	ts.Check(l.Close())
}

// exits runs a program and holds its exit code against the expected one. Its output can be matched afterwards.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%v: exit code %d, want %d", args[1:], got, want)
	}
}

// eventually runs a program until what it prints matches, at most 30 s.
func eventually(ts *testscript.TestScript, _ bool, args []string) {
	want := regexp.MustCompile("(?m)" + args[0])
	for end := time.Now().Add(30 * time.Second); ; {
		var out bytes.Buffer
		err := ts.Exec(args[1], args[2:]...)
		out.WriteString(ts.ReadFile("stdout") + ts.ReadFile("stderr"))
		if want.MatchString(out.String()) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%v: no match for %s: %v\n%s", args[1:], args[0], err, out.String())
		}
		time.Sleep(100 * time.Millisecond)
	}
}
