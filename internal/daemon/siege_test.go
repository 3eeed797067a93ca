package daemon

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/config"
)

// hostile are connections that are never of use: some send nothing, some half a request, some do not read the answer.
func hostile(t *testing.T, address string, n int) {
	t.Helper()
	for i := range n {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		switch i % 3 {
		case 1:
			_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: ")
		case 2:
			_, _ = io.WriteString(c, strings.Repeat("GET /api/v1/lag HTTP/1.1\r\nHost: test\r\n\r\n", 20))
		}
	}
}

// What 500 hostile connections may cost: 256 of them stay, with the buffers of a request and an answer each.
const (
	siegeMemory  = 256 * 128 << 10
	siegeLatency = 5 * time.Second // on a busy machine; it is milliseconds
)

// heap is how much memory is in use after a garbage collection.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// While 500 connections are held open, probes, scrapes and pages are answered as before, and the memory has a bound.
func TestHostileConnections(t *testing.T) {
	d := start(t, func(c *config.Config) { c.HealthListen = "127.0.0.1:0" })
	t.Cleanup(func() {
		d.stop()
		if err := <-d.ended; err != nil {
			t.Error(err)
		}
	})
	before := heap()
	hostile(t, strings.TrimPrefix(d.url, "http://"), 500)
	pages, health := d.url, "http://"+d.health.Addr().String()
	for range 3 {
		for _, url := range []string{health + "/healthz", health + "/readyz", pages + "/metrics", pages + "/", pages + "/api/v1/groups", pages + "/healthz"} {
			began := time.Now()
			if err := answered(url); err != nil || time.Since(began) > siegeLatency {
				t.Errorf("%s: %v after %v", url, err, time.Since(began))
			}
		}
	}
	if grown := heap() - before; grown > siegeMemory {
		t.Errorf("500 connections take %d bytes, %d are the most", grown, siegeMemory)
	} else {
		t.Logf("500 connections take %d bytes", grown)
	}
	if err := answered(health + "/metrics"); err == nil {
		t.Error("the port of the probes serves more than probes")
	}
}

// answered is nil if a new client gets the answer.
func answered(url string) error {
	client := http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(url)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	return nil
}
