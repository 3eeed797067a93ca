package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/internal/tryout"
)

const recordingOfTwoHours = "../../internal/record/testdata/first-version.jsonl.gz"

// Settings are tried on a trace and on a recording before they are in force. What does not go together is an error that names it.
func TestTrying(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	var csv strings.Builder
	csv.WriteString("t_s,count\n")
	for i := range 180 {
		fmt.Fprintf(&csv, "%d,%d\n", 60*i, 6000+6000*(i%60/40))
	}
	trace := file("trace.csv", csv.String())
	spec := "spec:\n  scaleTargetRef: {name: w}\n  sources: [{cluster: main, group: orders, processingTime: 10ms}]\n  maxReplicas: %d\n"
	proposed := file("proposed.yaml", "metadata: {namespace: shop, name: orders, labels: {tier: web}}\n"+fmt.Sprintf(spec, 3))
	nameless := file("nameless.yaml", fmt.Sprintf(spec, 9))
	wrongSpec := file("wrong.yaml", fmt.Sprintf(spec, -1))
	brakes := file("brakes.yaml", "config:\n  brakes:\n    limits: [{name: web, labels: [tier=web], addedPerMinute: 1}]\n")
	wrongBrakes := file("wrong-brakes.yaml", "brakes:\n  limits: [{name: web}]\n")
	var values []string
	for i := range 120 {
		values = append(values, fmt.Sprintf("[%d,%q]", 1_800_000_000+60*i, []string{"100", "250"}[i/30%2]))
	}
	prometheus := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[%s]}]}}`, strings.Join(values, ","))
	}))
	t.Cleanup(prometheus.Close)
	for _, c := range []struct {
		name string
		args []string
		code int
		want []string
	}{
		{"the traffic of Prometheus, which is not scaled", []string{
			"simulate", "--from-prometheus", prometheus.URL, "--query", "x", "--step", "1m", "--window", "3h", "--partitions", "12", "--proposed", proposed,
		}, exitOK, []string{"traffic of prometheus, 250 records/s at most; 12 partitions"}},
		{"a trace", []string{"simulate", "--trace", trace, "--proposed", proposed, "--brakes", brakes}, exitOK, []string{
			"proposed without maxReplicas", "proposed without limit web", "MaxReplicas ", "FleetUpLimit of web", "LATE RECORDS", "to which it was scaled",
		}},
		{"the brakes alone", []string{"simulate", "--trace", trace, "--brakes", brakes, "--scaler", "shop/other"}, exitOK, []string{"shop/other  present", "present without limit web"}},
		{"as pictures", []string{"simulate", "--trace", trace, "--proposed", proposed, "-o", "html"}, exitOK, []string{"proposed without maxReplicas"}},
		{"a recording as traffic", []string{"simulate", "--recording", recordingOfTwoHours, "--proposed", proposed}, exitOK, []string{"12 partitions", "849 records/s at most", "eager"}},
		{"a recording", []string{"replay", recordingOfTwoHours, "--proposed", proposed, "--brakes", brakes}, exitOK, []string{"as it was", "proposed without limit web", "MaxReplicas "}},
		{"a proposal without a name", []string{"replay", recordingOfTwoHours, "--proposed", nameless}, exitOK, []string{"shop/orders  proposed"}},
		{"a scaler that is not recorded", []string{"replay", recordingOfTwoHours, "--proposed", proposed, "--scaler", "shop/none"}, exitWrong, []string{"has no scaler shop/none; it has [shop/orders]"}},
		{"the same as traffic", []string{"simulate", "--recording", recordingOfTwoHours, "--scaler", "shop/none"}, exitWrong, []string{"has no scaler shop/none"}},
		{"a wrong proposal", []string{"simulate", "--trace", trace, "--proposed", wrongSpec}, exitWrong, []string{"maxReplicas"}},
		{"wrong brakes", []string{"simulate", "--trace", trace, "--brakes", wrongBrakes}, exitWrong, []string{"brakes.limits[0]"}},
		{"no brakes", []string{"simulate", "--trace", trace, "--brakes", proposed}, exitWrong, []string{"brakes"}},
		{"no recording", []string{"simulate", "--recording", trace}, exitWrong, []string{"not a recording"}},
		{"no file", []string{"simulate", "--recording", filepath.Join(dir, "none")}, exitFailed, []string{"reading a recording"}},
		{"two traffics", []string{"simulate", "--recording", recordingOfTwoHours, "--trace", trace}, exitWrong, []string{"neither --trace"}},
		{"two protocols", []string{"simulate", "--trace", trace, "--proposed", proposed, "--protocol", "both"}, exitWrong, []string{"one protocol"}},
		{"with the alternatives", []string{"simulate", "--trace", trace, "--proposed", proposed, "--compare"}, exitWrong, []string{"--compare"}},
		{"the trail of an old recording", []string{"replay", recordingOfTwoHours, "-o", "audit"}, exitWrong, []string{"an older version made it"}},
		{"a trail of other settings", []string{"replay", recordingOfTwoHours, "-o", "audit", "--proposed", proposed}, exitWrong, []string{"recorded settings"}},
		{"two policies", []string{"replay", recordingOfTwoHours, "--proposed", proposed, "--policy", proposed}, exitWrong, []string{"give only one of them"}},
	} {
		var out, errOut bytes.Buffer
		code := execute(t.Context(), newRoot(), c.args, &out, &errOut)
		for _, want := range c.want {
			if text := out.String() + errOut.String(); code != c.code || !strings.Contains(text, want) {
				t.Errorf("%s: exit code %d, %q is missing in\n%s", c.name, code, want, text)
			}
		}
	}
}

// As JSON, what is not known is null, and a table is never empty.
func TestTryingAsJSON(t *testing.T) {
	for command, known := range map[string]bool{"replay": false, "simulate": true} {
		args := []string{command, recordingOfTwoHours, "--brakes", "testdata/brakes.yaml", "-o", "json"}
		if command == "simulate" {
			args = []string{command, "--recording", recordingOfTwoHours, "-o", "json"}
		}
		var out, errOut bytes.Buffer
		if code := execute(t.Context(), newRoot(), args, &out, &errOut); code != exitOK {
			t.Fatalf("%s: exit code %d: %s", command, code, errOut.String())
		}
		var rows []tryout.Outcome
		if err := json.Unmarshal(out.Bytes(), &rows); err != nil || len(rows) < 3 {
			t.Fatalf("%s: %v\n%s", command, err, out.String())
		}
		for _, r := range rows {
			if r.ConsumerHours == 0 || r.Held == nil || (r.LateRecords != nil) != known {
				t.Errorf("%s: %+v", command, r)
			}
		}
	}
}
