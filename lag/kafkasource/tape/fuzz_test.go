package tape

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag/kafkasource"
)

// Whatever a broker answers, names are taken out of it: what is kept can be read as the same version, has not the name that the answer
// has in every text, and costs no more memory than its bytes allow.
func FuzzScrub(f *testing.F) {
	for i, key := range asked {
		resp := kmsg.ResponseForKey(key)
		resp.SetVersion(int16(i % int(resp.MaxVersion()+1)))
		f.Add(uint8(i), resp.GetVersion(), resp.AppendTo(nil))
	}
	f.Add(uint8(4), int16(5), []byte{0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff})
	f.Add(uint8(0), int16(7), bytes.Repeat([]byte{0xff}, 40))
	f.Fuzz(func(t *testing.T, of uint8, version int16, answer []byte) {
		key := asked[int(of)%len(asked)]
		req, resp := kmsg.RequestForKey(key), kmsg.ResponseForKey(key)
		if version < 0 || version > resp.MaxVersion() {
			return
		}
		req.SetVersion(version)
		resp.SetVersion(version)
		tape := Tape{Exchanges: []Exchange{{Key: key, Version: version, Request: req.AppendTo(nil), Response: answer}}}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := tape.scrub(kafkasource.Config{})
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Fatal(err)
		}
		if got, most := after.TotalAlloc-before.TotalAlloc, uint64(1<<20+2000*len(answer)); got > most {
			t.Errorf("%s v%d: %d bytes take %d bytes of memory", kmsg.NameForKey(key), version, len(answer), got)
		}
		kept := tape.Exchanges[0].Response
		if kept == nil {
			return
		}
		if err := decode(resp, kept); err != nil {
			t.Errorf("%s v%d: what is kept cannot be read: %v", kmsg.NameForKey(key), version, err)
		}
		if key != 32 && strings.Contains(string(kept), marker) { // those of settings have values, which stay
			t.Errorf("%s v%d: a name stays: %q", kmsg.NameForKey(key), version, kept)
		}
	})
}
