package web

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
)

// hostile are names of groups, topics and members that want to be more than text, and how they are shown.
var hostile = []struct{ name, shown string }{
	{`<script>alert(1)</script>`, `<script>alert(1)</script>`},
	{`"><img src=x onerror=alert(1)>`, `"><img src=x onerror=alert(1)>`},
	{`' onmouseover='alert(1)`, `' onmouseover='alert(1)`},
	{`</title></a></table>`, `</title></a></table>`},
	{`{{.}} ${x} &lt;b&gt;`, `{{.}} ${x} &lt;b&gt;`},
	{`a/b?c=d&group=e#f%41+g h`, `a/b?c=d&group=e#f%41+g h`},
	{`javascript:alert(1)`, `javascript:alert(1)`},
	{"new\nline\ttab\x00nul", `new\nline\ttab\x00nul`},
	{"\u202eright-to-left\u2066", `\u202eright-to-left\u2066`},
	{"שלום-مرحبا", "שלום-مرحبا"},
	{"  two  blanks  ", "  two  blanks  "},
	{strings.Repeat("long-", 500), strings.Repeat("long-", 500)},
	{"", "(empty)"},
}

// TestHostileNames shows each as text on every page that shows it, and each link leads where it should.
func TestHostileNames(t *testing.T) {
	s := newSite(t)
	for i, h := range hostile {
		s.group(h.name, h.name+"-topic", h.name+"-member", int64(100*(len(hostile)-i)))
		if h.name != "" { // which no scaler may name
			s.scaled(fmt.Sprintf("shop/worker-%02d", i), h.name, func(*scaler.Scaler) {})
		}
	}
	s.scaled("shop/refused", hostile[0].name, func(sc *scaler.Scaler) { sc.Refusal = scaler.Refusal{Reason: "NotAllowed", Why: hostile[1].name} })
	s.poll(0)
	s.poll(10 * time.Second)
	for _, h := range hostile {
		s.kafka.Join(h.name, h.name+"-second", h.name+"-topic")
	}
	s.poll(10 * time.Second)
	s.kafka.FailGroup(hostile[0].name, lag.GroupDenied)
	s.poll(10 * time.Second)

	b := open(t, s.url)
	for _, page := range []struct{ path, names string }{
		{"/?sort=group", ".groups tbody a bdi"},
		{"/decisions", ".decision .sources a bdi"},
		{"/rebalances", "#live tbody a bdi"},
		{"/status", ".problems a bdi"},
	} {
		b.visit(page.path)
		b.harmless(page.path)
		shown := texts(b, page.names)
		for i, h := range hostile {
			if page.path == "/status" && i > 0 {
				break // it names the one that cannot be read
			}
			if !shown[h.shown] && !(page.path == "/decisions" && h.name == "") {
				t.Errorf("%s does not show %.60q", page.path, h.name)
			}
		}
	}
	for _, h := range hostile {
		t.Run(fmt.Sprintf("%.20q", h.name), func(t *testing.T) { b.groupOf(t, h.name, h.shown) })
	}
}

// texts are the texts of all elements that a selector finds.
func texts(b *tab, selector string) map[string]bool {
	found := map[string]bool{}
	for _, text := range eval[[]string](b, fmt.Sprintf(`[...document.querySelectorAll(%q)].map(e => e.textContent)`, selector)) {
		found[text] = true
	}
	return found
}

// harmless fails the test if a name became a part of the page, or makes it wider than a phone.
func (b *tab) harmless(path string) {
	b.t.Helper()
	if found := eval[string](b, `[...document.querySelectorAll("main script, main img, main style, [onerror], [onmouseover], a[href^='javascript']")].map(e => e.outerHTML).join()`); found != "" {
		b.t.Errorf("%.80s: a name became %s", path, found)
	}
	if title := eval[string](b, `document.title`); !strings.HasSuffix(title, " · lagscaler") {
		b.t.Errorf("%.80s: the title is %q", path, title)
	}
	b.do(chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile))
	if wide := eval[float64](b, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); wide > 1 {
		b.t.Errorf("%.80s is %v px wider than a phone", path, wide)
	}
	b.do(chromedp.EmulateViewport(1360, 850))
}

// groupOf follows the link from the groups page to a group, and asks its JSON twin.
func (b *tab) groupOf(t *testing.T, name, shown string) {
	quoted, err := json.Marshal(shown)
	if err != nil {
		t.Fatal(err)
	}
	b.visit("/?sort=group")
	b.do(chromedp.Navigate(b.url + eval[string](b, fmt.Sprintf(`[...document.querySelectorAll(".groups tbody a")].find(a => a.textContent === %s).getAttribute("href")`, quoted))))
	b.until("its name as the heading", fmt.Sprintf(`document.querySelector("h1")?.textContent === %s`, quoted))
	b.harmless("/group of " + name)
	if name != "" {
		for _, want := range []string{shown + "-topic", shown + "-member", shown + "-second"} {
			if !texts(b, "#live2 bdi")[want] {
				t.Errorf("the page does not show %.60q", want)
			}
		}
	}
	b.until("its charts", `document.querySelectorAll(".chart canvas").length === 3`)
	twin := "/api/v1/group?" + url.Values{"cluster": {"main"}, "group": {name}}.Encode()
	got, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](fmt.Sprintf(`fetch(%q).then(r => r.json()).then(j => j.row.group)`, twin), chromedp.EvalAwaitPromise))
	if err != nil || got != name {
		t.Errorf("its twin says %.60q, %v", got, err)
	}
}
