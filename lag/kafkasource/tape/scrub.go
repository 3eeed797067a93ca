package tape

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag/kafkasource"
	"github.com/lagscaler/lagscaler/lag/kafkasource/wire"
)

// kind is the kind of a name.
type kind string

const (
	group   kind = "group"
	topic   kind = "topic"
	member  kind = "member"
	client  kind = "client"
	static  kind = "instance"
	host    kind = "host"    // of a broker
	address kind = "address" // of a client
	rack    kind = "rack"
	cluster kind = "cluster"
	id      kind = "id"
	text    kind = "text" // of which nothing is known
)

// fields are the fields of messages with names, by their name in kmsg. A text field that is neither here nor in plain is of kind text.
var fields = map[string]kind{
	"Group": group, "GroupID": group, "GroupIDs": group, "Groups": group, "CoordinatorKey": group, "CoordinatorKeys": group, "Key": group,
	"Topic": topic, "TopicName": topic, "Topics": topic, "SubscribedTopicNames": topic, "SubscribedTopics": topic, "SinkTopic": topic, "SourceTopics": topic, "RepartitionSinkTopics": topic, "Name": topic, "ResourceName": topic,
	"MemberID": member, "InstanceID": static, "ClientID": client, "ClientHost": address, "Host": host,
	"Rack": rack, "RackID": rack, "ClusterID": cluster, "TopicID": id,
}

// plain are text fields whose values are words of the protocol. Any other value of them is a name that somebody chose.
var plain = map[string][]string{
	"State": states, "GroupState": states, "StatesFilter": states,
	"GroupType": types, "TypesFilter": types,
	"ProtocolType": {"consumer", "connect", "share", "streams", "sr"},
	"Protocol":     assignors, "AssignorName": assignors, "Assignor": assignors,
	"ConfigNames": settings, "ConfigName": settings,
}

var (
	states    = []string{"Empty", "Stable", "PreparingRebalance", "CompletingRebalance", "Dead", "Assigning", "Reconciling", "NotReady", "Unknown"}
	types     = []string{"classic", "consumer", "share", "streams", "unknown"}
	assignors = []string{"range", "roundrobin", "sticky", "cooperative-sticky", "uniform", "stream", "default", "eager", "compatible", "sessioned", "simple", "sticky_task_assignor"}
	settings  = []string{"offsets.retention.minutes", "group.share.max.size", "message.timestamp.type"}
)

// names are all names of a tape, and what they become.
type names struct {
	found    map[kind]map[string]bool
	become   map[kind]map[string]string
	selected map[kind]func(string) bool
}

// scrub replaces the names in all messages.
func (t *Tape) scrub(cfg kafkasource.Config) error {
	n := &names{found: map[kind]map[string]bool{}, selected: map[kind]func(string) bool{group: cfg.Group, topic: cfg.Topic}}
	if err := t.each(n.walk); err != nil { // collects them
		return err
	}
	n.rank()
	return t.each(n.walk)
}

// each decodes each message, has it changed, and encodes it again.
func (t *Tape) each(change func(message any)) error {
	for i := range t.Exchanges {
		e := &t.Exchanges[i]
		req, resp := kmsg.RequestForKey(e.Key), kmsg.ResponseForKey(e.Key)
		if req == nil || resp == nil {
			return fmt.Errorf("a request with the key %d is not known", e.Key)
		}
		req.SetVersion(e.Version)
		resp.SetVersion(e.Version)
		if err := req.ReadFrom(e.Request); err != nil {
			return fmt.Errorf("a request to %s v%d cannot be read again: %w", kmsg.NameForKey(e.Key), e.Version, err)
		}
		change(req)
		e.Request = req.AppendTo(nil)
		if e.Response == nil || decode(resp, e.Response) != nil {
			e.Response = nil // garbage may have names anywhere: that it was garbage stays
			continue
		}
		change(resp)
		e.Response = resp.AppendTo(nil)
	}
	return nil
}

// decode decodes a response whose counts agree with its bytes: kmsg believes them.
func decode(resp kmsg.Response, body []byte) error {
	body, err := wire.Check(resp.Key(), resp.GetVersion(), body)
	if err != nil {
		return err
	}
	return resp.ReadFrom(body)
}

// walk collects the names of a message, or replaces them once they are ranked.
func (n *names) walk(message any) {
	if r, ok := message.(*kmsg.DescribeConfigsRequest); ok {
		n.resources(r)
		return
	}
	n.value("", reflect.ValueOf(message).Elem())
}

func (n *names) value(field string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		n.structure(v)
	case reflect.Pointer:
		if !v.IsNil() {
			n.pointer(field, v)
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetZero() // bytes that nobody here understands
			return
		}
		for i := range v.Len() {
			n.value(field, v.Index(i))
		}
	case reflect.Array: // a topic id
		if v.Type().Elem().Kind() == reflect.Uint8 && !v.IsZero() {
			n.topicID(v)
		}
	case reflect.String:
		v.SetString(n.name(field, v.String()))
	default:
	}
}

func (n *names) pointer(field string, v reflect.Value) {
	if v.Elem().Kind() == reflect.String && (field == "ErrorMessage" || field == "SubscribedTopicRegex" || field == "Documentation") {
		v.SetZero() // may have names; nothing depends on it
		return
	}
	n.value(field, v.Elem())
}

// structure walks the fields of a message. The bytes of a member's metadata and assignment have names inside.
func (n *names) structure(v reflect.Value) {
	switch m := v.Addr().Interface().(type) {
	case *kmsg.DescribeGroupsResponseGroup:
		for i := range m.Members {
			one := &m.Members[i]
			metadata, assignment := n.metadata(m.ProtocolType, one.ProtocolMetadata), n.assignment(m.ProtocolType, one.MemberAssignment)
			n.fields(reflect.ValueOf(one).Elem())
			one.ProtocolMetadata, one.MemberAssignment = metadata, assignment
		}
		members := m.Members
		m.Members = nil
		n.fields(v)
		m.Members = members
	case *kmsg.DescribeConfigsResponseResource:
		n.settings(m)
	default:
		n.fields(v)
	}
}

func (n *names) fields(v reflect.Value) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		switch {
		case !f.IsExported():
		case f.Type == reflect.TypeFor[kmsg.Tags]():
			v.Field(i).SetZero()
		default:
			n.value(f.Name, v.Field(i))
		}
	}
}

// resources are those of a request for settings: topics, and brokers by their ids.
func (n *names) resources(r *kmsg.DescribeConfigsRequest) {
	for i := range r.Resources {
		one := &r.Resources[i]
		one.ResourceName = n.resource(one.ResourceType, one.ResourceName)
		for k, c := range one.ConfigNames {
			one.ConfigNames[k] = n.name("ConfigNames", c)
		}
	}
	r.UnknownTags = kmsg.Tags{}
}

func (n *names) resource(of kmsg.ConfigResourceType, name string) string {
	if _, err := strconv.ParseInt(name, 10, 32); err == nil && of == kmsg.ConfigResourceTypeBroker {
		return name // the id of a broker
	}
	return n.name("Topic", name)
}

// settings keeps the values of the settings that polls read.
func (n *names) settings(r *kmsg.DescribeConfigsResponseResource) {
	r.ResourceName = n.resource(r.ResourceType, r.ResourceName)
	r.ErrorMessage, r.UnknownTags = nil, kmsg.Tags{}
	r.Configs = slices.DeleteFunc(r.Configs, func(c kmsg.DescribeConfigsResponseResourceConfig) bool { return !slices.Contains(settings, c.Name) })
	for i := range r.Configs {
		r.Configs[i].ConfigSynonyms, r.Configs[i].Documentation, r.Configs[i].UnknownTags = nil, nil, kmsg.Tags{}
	}
}

// metadata is what a member of the consumer protocol subscribes, without its user data; nil of others.
func (n *names) metadata(protocol string, b []byte) []byte {
	m, err := wire.ReadSubscription(b)
	if protocol != "consumer" || err != nil {
		return nil
	}
	m.UserData = nil
	n.fields(reflect.ValueOf(&m).Elem())
	return m.AppendTo(nil)
}

func (n *names) assignment(protocol string, b []byte) []byte {
	a, err := wire.ReadAssignment(b)
	if protocol != "consumer" || err != nil {
		return nil
	}
	a.UserData = nil
	n.fields(reflect.ValueOf(&a).Elem())
	return a.AppendTo(nil)
}

func (n *names) topicID(v reflect.Value) {
	was := fmt.Sprintf("%x", v.Bytes())
	if n.become == nil {
		n.find(id, was)
		return
	}
	var rank uint64
	if _, err := fmt.Sscanf(n.become[id][was], "id-%d", &rank); err != nil {
		v.SetZero()
		return
	}
	v.SetZero()
	binary.BigEndian.PutUint64(v.Slice(8, 16).Bytes(), rank)
}

// name is what a text becomes; the same one while they are collected. An empty text stays empty.
func (n *names) name(field, was string) string {
	if words, ok := plain[field]; ok && slices.Contains(words, was) || was == "" {
		return was
	}
	k, ok := fields[field]
	if !ok {
		k = text
	}
	if k == topic && strings.HasPrefix(was, "__") && slices.Contains([]string{"__consumer_offsets", "__transaction_state", "__share_group_state"}, was) {
		return was // the program knows them
	}
	if n.become == nil {
		n.find(k, was)
		return was
	}
	return n.become[k][was]
}

func (n *names) find(k kind, name string) {
	if n.found[k] == nil {
		n.found[k] = map[string]bool{}
	}
	n.found[k][name] = true
}

// rank decides what each name becomes, in their order. Brokers get addresses for tests of networks (RFC 2544), under which a player can
// be dialled; a cluster has at most 1000.
func (n *names) rank() {
	n.become = map[kind]map[string]string{}
	for k, found := range n.found {
		n.become[k] = map[string]string{}
		sorted := make([]string, 0, len(found))
		for name := range found {
			sorted = append(sorted, name)
		}
		slices.Sort(sorted)
		digits := len(fmt.Sprint(len(sorted)))
		for i, name := range sorted {
			label := string(k)
			if chosen := n.selected[k]; chosen != nil && !chosen(name) {
				label = unselected
			}
			n.become[k][name] = fmt.Sprintf("%s-%0*d", label, max(4, digits), i+1)
			switch k {
			case host:
				n.become[k][name] = fmt.Sprintf("198.18.%d.%d", (i+1)>>8&0xff, (i+1)&0xff)
			case address:
				n.become[k][name] = fmt.Sprintf("10.%d.%d.%d", (i+1)>>16&0xff, (i+1)>>8&0xff, (i+1)&0xff)
			default:
			}
		}
	}
}

// unselected is what names begin with that the configuration does not select.
const unselected = "other"
