package wire

import (
	"bytes"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// fill gives every field a value, and every array two elements.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Name != "Version" && f.Name != "UnknownTags" {
				fill(v.Field(i))
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0))
		fill(v.Index(1))
	case reflect.String:
		v.SetString("some name")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint8, reflect.Uint16:
		v.SetUint(7)
	}
}

func passes(key, version int16, body []byte) bool {
	_, err := Check(key, version, body)
	return err == nil
}

// Whatever kmsg writes of any version passes, full or empty; every shorter one is refused, and so is a version that kmsg does not know.
func TestCheck(t *testing.T) {
	for key := range checked {
		newest := kmsg.ResponseForKey(key).MaxVersion()
		if _, err := Check(key, newest+1, nil); err == nil || !strings.Contains(err.Error(), "is not known") {
			t.Errorf("%s v%d: %v", kmsg.NameForKey(key), newest+1, err)
		}
		for version := range newest + 1 {
			for _, full := range []bool{false, true} {
				resp := kmsg.ResponseForKey(key)
				resp.SetVersion(version)
				if full {
					fill(reflect.ValueOf(resp).Elem())
				}
				body := resp.AppendTo(nil)
				if got, err := Check(key, version, body); err != nil || !bytes.Equal(got, body) {
					t.Errorf("%s v%d, full %v: %v", kmsg.NameForKey(key), version, full, err)
				}
				r := newClaims(body, version, version >= checked[key].flexible)
				if checked[key].walk(&r); r.flexible {
					r.tags()
				}
				if len(r.Src) != 0 {
					t.Errorf("%s v%d, full %v: %d bytes are left", kmsg.NameForKey(key), version, full, len(r.Src))
				}
				for n := range body {
					if passes(key, version, body[:n]) {
						t.Errorf("%s v%d, full %v: %d of %d bytes pass", kmsg.NameForKey(key), version, full, n, len(body))
						break
					}
				}
			}
		}
	}
}

// Tags are dropped wherever they are, and nothing else is.
func TestCheckDropsTags(t *testing.T) {
	for key, c := range checked {
		resp := kmsg.ResponseForKey(key)
		resp.SetVersion(c.flexible)
		fill(reflect.ValueOf(resp).Elem())
		want := resp.AppendTo(nil)
		if n := tag(reflect.ValueOf(resp).Elem()); n < 3 {
			t.Fatalf("%s: %d tags", kmsg.NameForKey(key), n)
		}
		if got, err := Check(key, c.flexible, resp.AppendTo(nil)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %x, %v; want %x", kmsg.NameForKey(key), got, err, want)
		}
	}
}

// tag gives every structure a tagged field, and counts them.
func tag(v reflect.Value) (n int) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			n += tag(v.Field(i))
		}
		if tags, ok := v.Addr().Interface().(*kmsg.Tags); ok {
			tags.Set(9, []byte("tagged"))
			n++
		}
	case reflect.Pointer:
		n = tag(v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			n += tag(v.Index(i))
		}
	}
	return n
}

func TestCheckRefuses(t *testing.T) {
	many := append([]byte{0, 0, 0, 0, 0, 0, 0x81, 0x80, 0x40}, make([]byte, 1<<20)...) // as many groups as bytes
	for name, body := range map[string][]byte{
		"elements": many,
		"tags":     {0, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0x0f},
		"a tag":    {0, 0, 0, 0, 0, 0, 1, 1, 0, 0xff, 0xff, 0xff, 0xff, 0x0f},
	} {
		if passes(16, 5, body) {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestCheckRefusesKinds(t *testing.T) {
	long := make([]byte, 1<<20)
	for name, c := range map[string]struct {
		key  int16
		body []byte
	}{
		"share groups":   {77, append([]byte{0, 0, 0, 0, 0x81, 0x80, 0x40}, long...)},
		"streams groups": {89, append([]byte{0, 0, 0, 0, 0x81, 0x80, 0x40}, long...)},
		"share offsets":  {90, append([]byte{0, 0, 0, 0, 0x81, 0x80, 0x40}, long...)},
		"subtopologies": {89, append([]byte{
			0, 0, 0, 0, 2, // one group
			0, 0, 0, 2, 'g', 1, 0, 0, 0, 0, 0, 0, 0, 0, // without an error
			1, 0, 0, 0, 0, 0x81, 0x80, 0x40, // a topology
		}, long...)},
	} {
		if passes(c.key, 0, c.body) {
			t.Errorf("%s: no error", name)
		}
	}
}

// Whatever a client writes of any version passes, full or empty; every shorter one is refused.
func TestCheckBlob(t *testing.T) {
	for version := range int16(4) {
		for _, full := range []bool{false, true} {
			meta, assigned := kmsg.NewConsumerMemberMetadata(), kmsg.NewConsumerMemberAssignment()
			if full {
				fill(reflect.ValueOf(&meta).Elem())
				fill(reflect.ValueOf(&assigned).Elem())
			}
			meta.Version, assigned.Version = version, version
			for blob, raw := range map[Blob][]byte{Subscription: meta.AppendTo(nil), Assignment: assigned.AppendTo(nil)} {
				if err := CheckBlob(blob, raw); err != nil {
					t.Errorf("%d v%d, full %v: %v", blob, version, full, err)
				}
				for n := range raw {
					if CheckBlob(blob, raw[:n]) == nil {
						t.Errorf("%d v%d, full %v: %d of %d bytes pass", blob, version, full, n, len(raw))
						break
					}
				}
			}
		}
	}
}

func TestCheckBlobRefuses(t *testing.T) {
	long := append([]byte{0, 3, 0, 8, 0, 0}, make([]byte, 1<<19)...) // more topics than bytes can hold
	for _, blob := range []Blob{Subscription, Assignment} {
		for _, raw := range [][]byte{nil, {0}, {0, 1, 0x7f, 0xff, 0xff, 0xff}, long} {
			if CheckBlob(blob, raw) == nil {
				t.Errorf("blob %d of %d bytes: no error", blob, len(raw))
			}
		}
	}
}

// What passes makes kmsg neither panic nor take memory for what is not there, and no garbage makes the walk itself panic.
func FuzzCheck(f *testing.F) {
	for key := range checked {
		for _, full := range []bool{false, true} {
			resp := kmsg.ResponseForKey(key)
			resp.SetVersion(1)
			if full {
				fill(reflect.ValueOf(resp).Elem())
			}
			f.Add(key, int16(1), resp.AppendTo(nil))
		}
	}
	f.Fuzz(func(t *testing.T, key, version int16, body []byte) {
		if _, known := checked[key]; !known || version < 0 || version > 16 {
			return
		}
		trimmed, err := Check(key, version, body)
		if err != nil {
			return
		}
		resp := kmsg.ResponseForKey(key)
		resp.SetVersion(version)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_ = resp.ReadFrom(trimmed) // it may refuse a string that is null
		runtime.ReadMemStats(&after)
		if got, most := after.TotalAlloc-before.TotalAlloc, uint64(64<<10+MostMemory*len(body)); got > most {
			t.Errorf("%s v%d: %d bytes take %d bytes of memory", kmsg.NameForKey(key), version, len(body), got)
		}
	})
}
