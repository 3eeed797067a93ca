package tape

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag/kafkasource"
)

// asked are the APIs that polls use.
var asked = []int16{2, 3, 9, 10, 15, 16, 32, 60, 69, 77, 89, 90}

// Whatever text or bytes a message of any version has, none of it is in a scrubbed one. New fields of a new version too.
func TestNoTextStays(t *testing.T) {
	for _, key := range asked {
		for v := range kmsg.RequestForKey(key).MaxVersion() + 1 {
			req, resp := kmsg.RequestForKey(key), kmsg.ResponseForKey(key)
			req.SetVersion(v)
			resp.SetVersion(v)
			fill(reflect.ValueOf(req).Elem())
			fill(reflect.ValueOf(resp).Elem())
			tape := Tape{Exchanges: []Exchange{{Key: key, Version: v, Request: req.AppendTo(nil), Response: resp.AppendTo(nil)}}}
			before := tape.Exchanges[0]
			if !bytes.Contains(before.Response, []byte(marker)) && !bytes.Contains(before.Request, []byte(marker)) && key != 60 {
				t.Fatalf("%s v%d has no text: the test shows nothing", kmsg.NameForKey(key), v)
			}
			if err := tape.scrub(kafkasource.Config{}); err != nil {
				t.Fatalf("%s v%d: %v", kmsg.NameForKey(key), v, err)
			}
			after := tape.Exchanges[0]
			if bytes.Contains(after.Request, []byte(marker)) || bytes.Contains(after.Response, []byte(marker)) {
				t.Errorf("%s v%d still has a name: %q %q", kmsg.NameForKey(key), v, after.Request, after.Response)
			}
		}
	}
}

const marker = "SECRET"

// fill puts the marker in each text and each bytes of a message.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Name != "Version" && f.Type != reflect.TypeFor[kmsg.Tags]() {
				fill(v.Field(i))
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(marker))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.String:
		v.SetString(marker)
	default:
	}
}

// The user data of members, which programs fill as they like, is left out of metadata and assignments that are kept.
func TestUserDataIsLeftOut(t *testing.T) {
	resp := kmsg.NewPtrDescribeGroupsResponse()
	resp.SetVersion(5)
	group := kmsg.NewDescribeGroupsResponseGroup()
	group.Group, group.ProtocolType = "orders", "consumer"
	one := kmsg.NewDescribeGroupsResponseGroupMember()
	metadata := kmsg.NewConsumerMemberMetadata()
	metadata.Version, metadata.Topics, metadata.UserData, metadata.Generation = 3, []string{"payments"}, []byte(marker), 7
	assignment := kmsg.NewConsumerMemberAssignment()
	assignment.Topics, assignment.UserData = []kmsg.ConsumerMemberAssignmentTopic{{Topic: "payments", Partitions: []int32{1, 2}}}, []byte(marker)
	one.ProtocolMetadata, one.MemberAssignment = metadata.AppendTo(nil), assignment.AppendTo(nil)
	group.Members = append(group.Members, one)
	resp.Groups = append(resp.Groups, group)
	req := kmsg.NewPtrDescribeGroupsRequest()
	req.SetVersion(5)
	req.Groups = []string{"orders"}
	tape := Tape{Exchanges: []Exchange{{Key: 15, Version: 5, Request: req.AppendTo(nil), Response: resp.AppendTo(nil)}}}
	if err := tape.scrub(kafkasource.Config{}); err != nil {
		t.Fatal(err)
	}
	var got kmsg.DescribeGroupsResponse
	got.SetVersion(5)
	if err := got.ReadFrom(tape.Exchanges[0].Response); err != nil {
		t.Fatal(err)
	}
	var m kmsg.ConsumerMemberMetadata
	var a kmsg.ConsumerMemberAssignment
	member := got.Groups[0].Members[0]
	if err := m.ReadFrom(member.ProtocolMetadata); err != nil {
		t.Fatal(err)
	}
	if err := a.ReadFrom(member.MemberAssignment); err != nil {
		t.Fatal(err)
	}
	if len(m.UserData)+len(a.UserData) > 0 || m.Topics[0] != "topic-0001" || m.Generation != 7 || a.Topics[0].Topic != "topic-0001" || len(a.Topics[0].Partitions) != 2 {
		t.Errorf("metadata %+v, assignment %+v", m, a)
	}
	if got.Groups[0].Group != "group-0001" || got.Groups[0].ProtocolType != "consumer" {
		t.Errorf("group %+v", got.Groups[0])
	}
}

// freeTexts are text fields that are neither names nor words of the protocol: nothing asks for them again.
var freeTexts = map[string]string{
	"Documentation": "left out", "ErrorMessage": "left out", "SubscribedTopicRegex": "left out",
	"Metadata": "of a commit: nothing reads it", "Value": "of a setting that polls read: a number, which stays",
	"ProcessID":     "of a Kafka Streams application: told apart, and not asked for",
	"SubtopologyID": "the same", "Stores": "the same", "Successors": "the same",
}

// A name that is taken for a text becomes another one than in the request that asks for it, so a replay would not find its answer. Every
// text field of a message has a kind, or a reason why it needs none.
func TestEveryTextHasAKind(t *testing.T) {
	found := map[string]bool{}
	for _, key := range asked {
		texts(reflect.TypeOf(kmsg.RequestForKey(key)).Elem(), "", found)
		texts(reflect.TypeOf(kmsg.ResponseForKey(key)).Elem(), "", found)
	}
	for field := range found {
		_, named := fields[field]
		_, word := plain[field]
		if _, free := freeTexts[field]; !named && !word && !free {
			t.Errorf("%s has no kind", field)
		}
	}
}

// texts finds the names of all text fields of a type.
func texts(of reflect.Type, field string, found map[string]bool) {
	switch of.Kind() {
	case reflect.Struct:
		for i := range of.NumField() {
			if f := of.Field(i); f.IsExported() && f.Type != reflect.TypeFor[kmsg.Tags]() {
				texts(f.Type, f.Name, found)
			}
		}
	case reflect.Pointer, reflect.Slice:
		texts(of.Elem(), field, found)
	case reflect.String:
		found[field] = true
	default:
	}
}
