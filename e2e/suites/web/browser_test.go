// Package web looks at the pages of lagscaler as a person does: in a real browser, over a running demo.
package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/lagscaler/lagscaler/e2e/servers/built"
	"github.com/lagscaler/lagscaler/e2e/servers/child"
)

// tab is a browser tab, and everything that went wrong in it.
type tab struct {
	t   *testing.T
	ctx context.Context
	url string // of the daemon

	mu       sync.Mutex
	problems []string
}

func browser(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		built.Need(t, &built.MissingError{Name: "chromium", Target: "chromium"})
	}
	return path
}

func open(t *testing.T, daemon string) *tab {
	t.Helper()
	path := browser(t)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx, url: daemon}
	b.do(chromedp.EmulateViewport(1360, 850))
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.silent)
	return b
}

// hear notes console errors, violations of the content security policy, and requests to elsewhere.
func (b *tab) hear(event any) {
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if u := e.Request.URL; !strings.HasPrefix(u, b.url) && !strings.HasPrefix(u, "data:") && !strings.HasPrefix(u, "about:") {
			b.note("request to %s", u)
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			b.note("log: %s", e.Entry.Text)
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError {
			b.note("console: %v", e.Args)
		}
	case *page.EventJavascriptDialogOpening:
		b.note("dialog: %s", e.Message)
	case *runtime.EventExceptionThrown:
		b.note("exception: %s", e.ExceptionDetails.Text)
	}
}

func (b *tab) note(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.problems = append(b.problems, fmt.Sprintf(format, args...))
}

// forget takes back the problems that were meant to be.
func (b *tab) forget(meant ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.problems = slices.DeleteFunc(b.problems, func(p string) bool {
		return slices.ContainsFunc(meant, func(m string) bool { return strings.Contains(p, m) })
	})
}

// silent fails the test for everything that was heard.
func (b *tab) silent() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.problems {
		b.t.Errorf("in the browser: %s", p)
	}
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) visit(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.url+path), chromedp.WaitVisible(chromedp.CSS("h1")))
}

// eval is the value of a JavaScript expression.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// until waits for a JavaScript condition.
func (b *tab) until(what, condition string) {
	b.t.Helper()
	b.within(40*time.Second, what, condition)
}

func (b *tab) within(patience time.Duration, what, condition string) {
	b.t.Helper()
	deadline := time.Now().Add(patience)
	for !eval[bool](b, "!!("+condition+")") {
		if time.Now().After(deadline) {
			b.t.Fatalf("%s did not come: %s\nthe page says: %.2000s", what, condition, eval[string](b, "document.querySelector('main').innerText"))
		}
		time.Sleep(100 * time.Millisecond) // between two looks at a real browser
	}
}

// axe runs axe-core and returns what it finds that is serious or worse.
func (b *tab) axe() []string {
	b.t.Helper()
	script, err := built.File("axe-core/axe.min.js", "axe")
	built.Need(b.t, err)
	text, err := os.ReadFile(script)
	if err != nil {
		b.t.Fatal(err)
	}
	eval[any](b, string(text)+"; 1")
	found, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`axe.run().then(r => JSON.stringify(r.violations
		.filter(v => v.impact === "serious" || v.impact === "critical")
		.map(v => v.id + ": " + v.help + " at " + v.nodes.slice(0, 3).map(n => n.html + " " + (n.any[0] || {}).message).join("; "))))`,
		chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatal(err)
	}
	var list []string
	if err := json.Unmarshal([]byte(found), &list); err != nil {
		b.t.Fatal(err)
	}
	return list
}

// screenshots is where pictures for the documentation go; empty: none are wanted.
func screenshots() string { return os.Getenv("LAGSCALER_SCREENSHOTS") }

// picture keeps a screenshot of the page, as high as what is on it up to a limit.
func (b *tab) picture(name string) {
	b.t.Helper()
	if screenshots() == "" {
		return
	}
	height := eval[float64](b, `document.querySelector("footer").getBoundingClientRect().bottom`)
	b.do(chromedp.EmulateViewport(1360, int64(min(height, 1300))))
	defer b.do(chromedp.EmulateViewport(1360, 850))
	b.shoot(name)
}

// shoot keeps what is in the window, if pictures are wanted.
func (b *tab) shoot(name string) {
	b.t.Helper()
	dir := screenshots()
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// scheme switches between light and dark.
func (b *tab) scheme(name string) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// demo starts `lagscaler demo` on a free port and waits for its page.
func demo(t *testing.T, scenario string) (address string) {
	t.Helper()
	port, err := child.Port()
	if err != nil {
		t.Fatal(err)
	}
	listen := fmt.Sprintf("127.0.0.1:%d", port)
	p, err := child.Start(child.Command{
		Path: binary(t), Args: []string{"demo", "--scenario", scenario, "--listen", listen, "--duration", "15m"},
		Log: filepath.Join(t.TempDir(), "demo.log"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(10 * time.Second); err != nil {
			t.Errorf("%v\n%s", err, p.Tail(20))
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	err = child.Await(ctx, func(ctx context.Context) error {
		_, err := child.Fetch(ctx, "http://"+listen+"/readyz") // its first report is there
		return err
	}, p)
	if err != nil {
		t.Fatalf("%v\n%s", err, p.Tail(20))
	}
	return "http://" + listen
}

func binary(t *testing.T) string {
	t.Helper()
	path, err := built.Program()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMain(m *testing.M) {
	code := m.Run()
	built.RemovePrograms()
	os.Exit(code)
}

func groupPath(cluster, group string) string {
	return "/group?" + url.Values{"cluster": {cluster}, "group": {group}}.Encode()
}
