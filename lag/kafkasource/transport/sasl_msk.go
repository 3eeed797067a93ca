package transport

import (
	"cmp"
	"context"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/aws_msk_iam_v2"
)

// mskIAM signs in to Amazon MSK. The credentials are looked for at the first connection, and renew themselves.
func mskIAM(region string, from AWS) authenticator {
	var mu sync.Mutex // of signer, not held while it asks AWS
	var signer *aws_msk_iam_v2.Mechanism
	find := func(ctx context.Context) (*aws_msk_iam_v2.Mechanism, error) {
		mu.Lock()
		defer mu.Unlock()
		if signer == nil {
			found, err := from.config(ctx, region)
			if err != nil {
				return nil, fmt.Errorf("looking for AWS credentials: %w", err)
			}
			signer = aws_msk_iam_v2.NewMechanism(found)
		}
		return signer, nil
	}
	return func(ctx context.Context) (sasl.StateMachine, []byte, error) {
		found, err := find(ctx)
		if err != nil {
			return nil, nil, err
		}
		state, first, err := found.Start(ctx)
		if err != nil && from.RoleARN != "" {
			err = fmt.Errorf("assuming %s: %w", from.RoleARN, err)
		}
		return state, first, err
	}
}

// config is the configuration of the AWS tools, with the credentials that are named.
func (a AWS) config(ctx context.Context, region string) (aws.Config, error) {
	options := []func(*config.LoadOptions) error{config.WithRegion(region)}
	if a.Profile != "" {
		options = append(options, config.WithSharedConfigProfile(a.Profile))
	}
	c, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil || a.RoleARN == "" {
		return c, err
	}
	session, client := cmp.Or(a.SessionName, "lagscaler"), sts.NewFromConfig(c)
	var role aws.CredentialsProvider
	if a.WebIdentityTokenFile != "" {
		role = stscreds.NewWebIdentityRoleProvider(client, a.RoleARN, identityToken(a.WebIdentityTokenFile),
			func(o *stscreds.WebIdentityRoleOptions) { o.RoleSessionName = session })
	} else {
		role = stscreds.NewAssumeRoleProvider(client, a.RoleARN, func(o *stscreds.AssumeRoleOptions) {
			o.RoleSessionName = session
			if a.ExternalID != "" {
				o.ExternalID = &a.ExternalID
			}
		})
	}
	c.Credentials = aws.NewCredentialsCache(role)
	return c, nil
}

// identityToken is a file with a web identity token. Unlike that of the library, it may end with a line break, as every other secret here may.
type identityToken string

// GetIdentityToken reads the token as it is now.
func (f identityToken) GetIdentityToken() ([]byte, error) {
	text, err := secret("", string(f))
	return []byte(text), err
}
