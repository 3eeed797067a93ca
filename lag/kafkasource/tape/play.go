package tape

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag/kafkasource"
)

// Player answers as the brokers of a tape did. An answer is that of the same request to the same broker; if there were several, they
// come one after the other, and the last one for ever.
type Player struct {
	mu      sync.Mutex
	answers map[question][][]byte
	apis    map[int32][][3]int16
	brokers []kmsg.MetadataResponseBroker
	topics  map[string]kmsg.MetadataResponseTopic // as they were told last
	cluster *string
	unasked []string // requests that nobody made when the tape was recorded
}

// question is what an answer belongs to.
type question struct {
	broker       int32
	key, version int16
	request      string
}

// The keys of requests that the transport sends on its own.
const (
	metadataKey    = 3
	apiVersionsKey = 18
)

// NewPlayer makes a player. The error says what a tape lacks.
func NewPlayer(t *Tape) (*Player, error) {
	p := &Player{answers: map[question][][]byte{}, apis: map[int32][][3]int16{}, topics: map[string]kmsg.MetadataResponseTopic{}}
	for _, a := range t.APIs {
		p.apis[a.Broker] = a.Versions
	}
	for i := range t.Exchanges {
		e := &t.Exchanges[i]
		q := question{e.Broker, e.Key, e.Version, string(e.Request)}
		p.answers[q] = append(p.answers[q], e.Response)
		if e.Key != metadataKey {
			continue
		}
		m := kmsg.NewPtrMetadataResponse()
		m.SetVersion(e.Version)
		if err := decode(m, e.Response); err == nil && len(m.Brokers) > 0 {
			p.brokers, p.cluster = m.Brokers, m.ClusterID
			for _, topic := range m.Topics {
				if topic.Topic != nil {
					p.topics[*topic.Topic] = topic
				}
			}
		}
	}
	if len(p.brokers) == 0 || len(p.apis) == 0 {
		return nil, errors.New("the recording has no brokers: none could be reached")
	}
	return p, nil
}

// Config is the configuration of a source that reads the player.
func (p *Player) Config() kafkasource.Config {
	listed := func(name string) bool { return !strings.HasPrefix(name, unselected+"-") }
	return kafkasource.Config{
		Cluster: "recording", Brokers: []string{addressOf(p.brokers[0])}, Dial: p.Dial, Group: listed, Topic: listed,
		Advertised: func(string) bool { return true }, // nothing is dialled
	}
}

// Unasked are requests that were not recorded, and so not answered.
func (p *Player) Unasked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.unasked)
}

func addressOf(b kmsg.MetadataResponseBroker) string {
	return net.JoinHostPort(b.Host, strconv.Itoa(int(b.Port)))
}

// Dial is a connection to the broker at an address.
func (p *Player) Dial(_ context.Context, _, address string) (net.Conn, error) {
	i := slices.IndexFunc(p.brokers, func(b kmsg.MetadataResponseBroker) bool { return addressOf(b) == address })
	if i < 0 {
		return nil, fmt.Errorf("the recording has no broker at %s", address)
	}
	ours, theirs := net.Pipe()
	go p.serve(theirs, p.brokers[i].NodeID)
	return ours, nil
}

// serve answers requests until the other end closes, or asks what was not recorded.
func (p *Player) serve(conn net.Conn, broker int32) {
	defer conn.Close()
	for {
		req, correlation, err := readRequest(conn)
		if err != nil {
			return
		}
		body, ok := p.answer(broker, req)
		if !ok {
			return
		}
		frame := binary.BigEndian.AppendUint32(make([]byte, 4), uint32(correlation))
		if req.IsFlexible() && req.Key() != apiVersionsKey {
			frame = append(frame, 0) // no tags
		}
		frame = append(frame, body...)
		binary.BigEndian.PutUint32(frame, uint32(len(frame)-4))
		if _, err := conn.Write(frame); err != nil {
			return
		}
	}
}

// readRequest reads a request with its header.
func readRequest(r io.Reader) (kmsg.Request, int32, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, 0, err
	}
	frame := make([]byte, binary.BigEndian.Uint32(size[:]))
	if _, err := io.ReadFull(r, frame); err != nil {
		return nil, 0, err
	}
	if len(frame) < 10 {
		return nil, 0, io.ErrUnexpectedEOF
	}
	req := kmsg.RequestForKey(int16(binary.BigEndian.Uint16(frame)))
	if req == nil {
		return nil, 0, io.ErrUnexpectedEOF
	}
	req.SetVersion(int16(binary.BigEndian.Uint16(frame[2:])))
	body := frame[10:]
	if n := int16(binary.BigEndian.Uint16(frame[8:])); n > 0 { // the client id
		body = body[n:]
	}
	if req.IsFlexible() {
		body = body[1:] // no tags
	}
	return req, int32(binary.BigEndian.Uint32(frame[4:])), req.ReadFrom(body)
}

// answer is the body of the answer to a request; ok is false if there is none.
func (p *Player) answer(broker int32, req kmsg.Request) (body []byte, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if req.Key() == apiVersionsKey {
		return p.versions(broker, req.GetVersion()), true
	}
	for _, asked := range p.whom(broker, req.Key()) {
		q := question{asked, req.Key(), req.GetVersion(), string(req.AppendTo(nil))}
		if all := p.answers[q]; len(all) > 0 {
			if len(all) > 1 {
				p.answers[q] = all[1:]
			}
			return all[0], true
		}
	}
	if m, is := req.(*kmsg.MetadataRequest); is {
		if topics, known := p.told(m.Topics); known {
			return p.metadata(m.GetVersion(), topics), true
		}
	}
	p.unasked = append(p.unasked, fmt.Sprintf("%s v%d of broker %d", kmsg.NameForKey(req.Key()), req.GetVersion(), broker))
	return nil, false
}

// whom are the brokers whose answer will do: any for what every broker knows.
func (p *Player) whom(broker int32, key int16) []int32 {
	asked := []int32{broker, -1}
	if slices.Contains([]int16{metadataKey, int16(kmsg.FindCoordinator), int16(kmsg.DescribeCluster), int16(kmsg.DescribeConfigs)}, key) {
		for _, b := range p.brokers {
			asked = append(asked, b.NodeID)
		}
	}
	return asked
}

// versions are the APIs of a broker. One that was asked nothing has those of another one.
func (p *Player) versions(broker int32, version int16) []byte {
	apis, ok := p.apis[broker]
	if !ok {
		apis = p.apis[slices.Min(slices.Collect(maps.Keys(p.apis)))]
	}
	resp := kmsg.NewPtrApiVersionsResponse()
	resp.SetVersion(version)
	for _, v := range apis {
		key := kmsg.NewApiVersionsResponseApiKey()
		key.ApiKey, key.MinVersion, key.MaxVersion = v[0], v[1], v[2]
		resp.ApiKeys = append(resp.ApiKeys, key)
	}
	return resp.AppendTo(nil)
}

// told are the topics of a request that was not recorded as it is: the same ones may have been asked for in other requests, or in
// another order. known is false if one was never asked for.
func (p *Player) told(asked []kmsg.MetadataRequestTopic) (all []kmsg.MetadataResponseTopic, known bool) {
	for _, a := range asked {
		if a.Topic == nil {
			p.unasked = append(p.unasked, fmt.Sprintf("Metadata of the topic with the id %x", a.TopicID))
			return nil, false
		}
		topic, ok := p.topics[*a.Topic]
		if !ok {
			p.unasked = append(p.unasked, "Metadata of the topic "+*a.Topic)
			return nil, false
		}
		all = append(all, topic)
	}
	return all, true
}

// metadata is an answer with the brokers and some topics.
func (p *Player) metadata(version int16, topics []kmsg.MetadataResponseTopic) []byte {
	resp := kmsg.NewPtrMetadataResponse()
	resp.SetVersion(version)
	resp.Brokers, resp.Topics, resp.ClusterID, resp.ControllerID = p.brokers, topics, p.cluster, p.brokers[0].NodeID
	return resp.AppendTo(nil)
}
