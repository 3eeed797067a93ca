package wire

import (
	"reflect"
	"testing"

	"github.com/twmb/franz-go/pkg/kbin"
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
	case reflect.Uint8:
		v.SetUint(7)
	}
}

// Whatever kmsg writes of any version that is asked for passes, full or empty; every shorter one is refused.
func TestCheck(t *testing.T) {
	newest := map[int16]int16{3: 12, 10: 6, 15: 6, 16: 5, 69: 1}
	for key := range checked {
		for version := range newest[key] + 1 {
			for _, full := range []bool{false, true} {
				resp := kmsg.ResponseForKey(key)
				resp.SetVersion(version)
				if full {
					fill(reflect.ValueOf(resp).Elem())
				}
				body := resp.AppendTo(nil)
				if err := Check(key, version, body); err != nil {
					t.Errorf("%s v%d, full %v: %v", kmsg.NameForKey(key), version, full, err)
				}
				r := claims{reader{kbin.Reader{Src: body}, version >= checked[key].flexible}, version}
				if checked[key].walk(&r); r.flexible {
					r.tags()
				}
				if len(r.Src) != 0 {
					t.Errorf("%s v%d, full %v: %d bytes are left", kmsg.NameForKey(key), version, full, len(r.Src))
				}
				for n := range body {
					if Check(key, version, body[:n]) == nil {
						t.Errorf("%s v%d, full %v: %d of %d bytes pass", kmsg.NameForKey(key), version, full, n, len(body))
						break
					}
				}
			}
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	many := append([]byte{0, 0, 0, 0, 0, 0, 0x81, 0x80, 0x40}, make([]byte, 1<<20)...) // as many groups as bytes
	for name, body := range map[string][]byte{
		"elements": many,
		"tags":     {0, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0x0f},
		"a tag":    {0, 0, 0, 0, 0, 0, 1, 1, 0, 0xff, 0xff, 0xff, 0xff, 0x0f},
	} {
		if Check(16, 5, body) == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
