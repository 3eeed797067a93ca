package cluster

import (
	"context"
	"fmt"
	"strconv"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
)

// BrokerConfig is the value of a setting of a broker. It needs DESCRIBE_CONFIGS on the cluster.
func (r *Round) BrokerConfig(ctx context.Context, broker int32, name string) (string, error) {
	req := kmsg.NewPtrDescribeConfigsRequest()
	resource := kmsg.NewDescribeConfigsRequestResource()
	resource.ResourceType, resource.ResourceName = kmsg.ConfigResourceTypeBroker, strconv.Itoa(int(broker))
	resource.ConfigNames = []string{name}
	req.Resources = append(req.Resources, resource)
	resp, err := transport.AsResponse[*kmsg.DescribeConfigsResponse](r.Send(ctx, broker, req))
	if err != nil {
		return "", err
	}
	for _, res := range resp.Resources {
		if res.ErrorCode != 0 {
			return "", transport.WithCode(lag.ErrorCode(res.ErrorCode), fmt.Errorf("settings of broker %d: %s", broker, lag.ErrorCode(res.ErrorCode)))
		}
		for _, c := range res.Configs {
			if c.Name == name && c.Value != nil {
				return *c.Value, nil
			}
		}
	}
	return "", fmt.Errorf("broker %d has no %s", broker, name)
}
