package kube

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/lagscaler/lagscaler/scaler/kube/access"
	"github.com/lagscaler/lagscaler/scaler/kube/strimzi"
	"github.com/lagscaler/lagscaler/scaler/kube/watch"
)

// CheckStrimzi finds the Kafka clusters that Strimzi runs, as the daemon does, and tries each permission that this needs. Findings are
// the missing permissions, and the selections of which nothing was found. It writes nothing.
func CheckStrimzi(ctx context.Context, clients access.Clients, wanted []strimzi.Selection) ([]strimzi.Found, []Finding) {
	c := checker{clients: clients}
	api := access.NewAPI(clients, access.Installation{}, slog.New(slog.DiscardHandler))
	found := strimzi.Once(ctx, api, watch.NewKinds(api).Resolve, wanted)
	var findings []Finding
	for i, s := range wanted {
		if !slices.ContainsFunc(found, func(f strimzi.Found) bool { return f.By == s }) {
			findings = append(findings, nothingSelected(s, i == 0))
		}
	}
	subject := "permissions for Strimzi"
	rights := strimziRights(wanted, found)
	missing := 0
	for _, r := range rights {
		allowed, err := c.may(ctx, r)
		if err != nil {
			return found, append(findings, failed(subject, err))
		}
		if !allowed {
			missing++
			findings = append(findings, Finding{
				Subject: subject, Problem: string(metav1.StatusReasonForbidden), Missing: r.String(), Text: "without it: " + r.Consequence(),
			})
		}
	}
	return found, append(findings, Finding{Subject: subject, Text: fmt.Sprintf("%d of %d are granted to %s", len(rights)-missing, len(rights), c.user(ctx))})
}

// nothingSelected is the finding of a selection that has no cluster. Those of the selections before it are not its own.
func nothingSelected(s strimzi.Selection, first bool) Finding {
	f := Finding{Subject: "Strimzi in " + s.Namespace, Warning: true, Text: "there is no Kafka resource"}
	if s.Labels != "" {
		f.Text += " with the labels " + s.Labels
	}
	if !first {
		f.Text += " that no entry of strimzi before this one selects"
	}
	return f
}

// strimziRights are the rights that selections need, each once. The names of the Secrets follow from the resources where they have their
// names.
func strimziRights(wanted []strimzi.Selection, found []strimzi.Found) (all []access.Right) {
	add := func(p access.Permission, namespace, name string) {
		for _, verb := range p.Verbs {
			r := access.Right{Verb: verb, Group: p.Group, Resource: p.Resource, Namespace: namespace, Place: p.Place, Name: name}
			if !slices.Contains(all, r) {
				all = append(all, r)
			}
		}
	}
	kafkas, secrets := access.OfStrimzi[0], access.OfStrimzi[1]
	for _, s := range wanted {
		add(kafkas, s.Namespace, "")
		if s.User != "" && !strings.Contains(s.User, strimzi.ResourceName) {
			add(secrets, s.Namespace, s.User)
		}
	}
	for _, f := range found {
		if f.Name != "" && f.By.User != "" {
			add(secrets, f.Namespace, f.By.Secret(f.Name))
		}
	}
	return all
}
