package strimzi

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/lagscaler/lagscaler/scaler/kube/access"
)

// Once finds what Discovery finds, by lists alone, for a command that ends.
func Once(ctx context.Context, a access.API, resolve func(schema.GroupVersionKind) (schema.GroupVersionResource, bool), wanted []Selection) []Found {
	return finder{resolve: resolve, list: func(k key) ([]any, error) { return listOnce(ctx, a, k) }}.all(wanted)
}

// listOnce lists what a watch of the key would begin with.
func listOnce(ctx context.Context, a access.API, k key) (all []any, err error) {
	if k.resource == secrets {
		list, err := a.Clients.Kubernetes.CoreV1().Secrets(k.namespace).List(ctx, metav1.ListOptions{FieldSelector: k.fields()})
		if err != nil {
			return nil, err
		}
		for i := range list.Items {
			all = append(all, &list.Items[i])
		}
		return all, nil
	}
	list, err := a.Clients.Dynamic.Resource(k.resource).Namespace(k.namespace).List(ctx, metav1.ListOptions{LabelSelector: k.labels})
	if err != nil {
		return nil, err
	}
	for i := range list.Items {
		all = append(all, &list.Items[i])
	}
	return all, nil
}

// fields selects the one object of a name.
func (k key) fields() string { return fields.OneTermEqualSelector("metadata.name", k.name).String() }

// finder finds clusters in lists of objects.
type finder struct {
	resolve func(schema.GroupVersionKind) (schema.GroupVersionResource, bool)
	list    func(key) ([]any, error) // the error is waiting while it is not known yet
	told    []Found                  // what is so while lists are not known yet
}

// all are the clusters of all selections; one that several select is that of the first of them.
func (f finder) all(wanted []Selection) (all []Found) {
	for _, s := range wanted {
		for _, c := range f.one(s) {
			c.By = s
			if !slices.ContainsFunc(all, func(g Found) bool { return g.Origin() == c.Origin() }) {
				all = append(all, c)
			}
		}
	}
	return all
}

// one is what a selection finds: one for each of its Kafka resources, sorted by name. What is not read yet is as it was told last.
func (f finder) one(s Selection) []Found {
	resource, served := f.resolve(kafkaKind)
	if !served {
		return []Found{{Namespace: s.Namespace, Err: errors.New("the API server does not serve the kind Kafka of kafka.strimzi.io, or could not be asked yet")}}
	}
	k := key{resource: resource, namespace: s.Namespace, labels: s.Labels}
	objects, err := f.list(k)
	if wait := (waiting{}); errors.As(err, &wait) {
		return slices.DeleteFunc(slices.Clone(f.told), func(f Found) bool { return f.By != s })
	}
	if err != nil {
		return []Found{{Namespace: s.Namespace, Err: fmt.Errorf("listing Kafka resources: %w", err)}}
	}
	var found []Found
	for _, o := range objects {
		kafka, ok := o.(*unstructured.Unstructured)
		if !ok {
			continue
		}
		if c, ok := f.cluster(kafka, s); ok {
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b Found) int { return strings.Compare(a.Name, b.Name) })
	return found
}

// cluster is one cluster; false if it is not known yet.
func (f finder) cluster(kafka *unstructured.Unstructured, s Selection) (Found, bool) {
	if s.User == "" {
		return read(kafka, s, nil), true
	}
	k := key{resource: secrets, namespace: s.Namespace, name: s.Secret(kafka.GetName())}
	objects, err := f.list(k)
	if wait := (waiting{}); errors.As(err, &wait) {
		for _, told := range f.told {
			if told.By == s && told.Name == kafka.GetName() {
				return told, true
			}
		}
		return Found{}, false
	}
	if err != nil {
		return Found{Namespace: s.Namespace, Name: kafka.GetName(), Err: fmt.Errorf("reading the Secret %s/%s: %w", k.namespace, k.name, err)}, true
	}
	var secret *corev1.Secret
	if len(objects) > 0 {
		secret, _ = objects[0].(*corev1.Secret)
	}
	return read(kafka, s, secret), true
}
