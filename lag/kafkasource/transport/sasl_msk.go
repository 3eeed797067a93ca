package transport

import (
	"context"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/aws_msk_iam_v2"
)

// mskIAM signs in to Amazon MSK. Credentials come from the environment, a profile, the pod's or the machine's role,
// are looked for at the first connection, and renew themselves.
func mskIAM(region string) authenticator {
	var mu sync.Mutex
	var signer *aws_msk_iam_v2.Mechanism
	return func(ctx context.Context) (sasl.StateMachine, []byte, error) {
		mu.Lock()
		defer mu.Unlock()
		if signer == nil {
			found, err := config.LoadDefaultConfig(ctx, config.WithRegion(region))
			if err != nil {
				return nil, nil, fmt.Errorf("looking for AWS credentials: %w", err)
			}
			signer = aws_msk_iam_v2.NewMechanism(found)
		}
		return signer.Start(ctx)
	}
}
