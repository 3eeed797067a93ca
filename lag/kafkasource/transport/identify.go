package transport

import (
	"io"

	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Metadata has the id of the cluster from version 2 on, and is not flexible up to version 8: what kafka-go speaks, too.
const (
	firstWithClusterID = 2
	lastNotFlexible    = 8
)

// identify asks a broker, once for each connection, which cluster it belongs to. So no answer of another cluster is ever
// used, whichever connection it would come over. A broker before Kafka 0.10.1 does not say.
func (e *exchange) identify(rw io.ReadWriter, to *peer) error {
	if e.identity == nil || to.ours {
		return nil
	}
	version, ok := negotiate(to.versions, metadataKey, lastNotFlexible)
	if ok && version >= firstWithClusterID {
		id, err := e.askClusterID(rw, to, version)
		if err != nil {
			return err
		}
		if err := e.identity.check(to.address, id); err != nil {
			return err
		}
	}
	to.ours = true
	return nil
}

func (e *exchange) askClusterID(rw io.ReadWriter, to *peer, version int16) (string, error) {
	req := kmsg.NewPtrMetadataRequest()
	req.Topics, req.AllowAutoTopicCreation = []kmsg.MetadataRequestTopic{}, false
	req.SetVersion(version)
	ask := &exchange{correlation: e.correlation, client: e.client, limit: guarded[metadataKey], request: req}
	to.raw = true
	if err := ask.write(rw); err != nil {
		return "", err
	}
	a := &rawResponse{key: metadataKey, version: version}
	if err := ask.read(rw, a); err != nil {
		return "", err
	}
	defer recycle(a.buffer)
	return clusterIDIn(version, a.body), nil
}

// clusterIDIn is the id in a Metadata response of a version that is not flexible; empty if there is none.
func clusterIDIn(version int16, body []byte) string {
	if version < firstWithClusterID || version > lastNotFlexible {
		return ""
	}
	r := claims{Reader: kbin.Reader{Src: body}}
	r.brokers(version)
	id := r.NullableString()
	if !r.Ok() || id == nil {
		return ""
	}
	return *id
}
