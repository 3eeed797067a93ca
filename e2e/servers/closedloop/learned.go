package closedloop

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/lagscaler/lagscaler/scaler"
)

const memoryKey = "memory.json"

// Learned is what the scaler has saved, and the ConfigMap that has it. Nothing is saved: the zero value.
func (s *Loop) Learned() (saved corev1.ConfigMap, learned scaler.Memory) {
	s.t.Helper()
	list, err := s.Client().CoreV1().ConfigMaps(s.NS).List(s.t.Context(), metav1.ListOptions{LabelSelector: "app.kubernetes.io/managed-by=lagscaler"})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, saved := range list.Items {
		if learned, err := scaler.LoadMemory([]byte(saved.Data[memoryKey])); err == nil {
			return saved, learned
		}
	}
	return corev1.ConfigMap{}, scaler.Memory{}
}

// Mislead writes a wrong capacity, in records/s, into what was learned, as a defect would, while no daemon leads.
func (s *Loop) Mislead(perConsumer float64) {
	s.t.Helper()
	saved, learned := s.Learned()
	if len(learned.Sources) != 1 {
		s.t.Fatalf("the saved memory has %d sources", len(learned.Sources))
	}
	learned.Sources[0].PerConsumer = perConsumer
	text, err := learned.Save()
	if err != nil {
		s.t.Fatal(err)
	}
	saved.Data[memoryKey] = string(text)
	if _, err := s.Client().CoreV1().ConfigMaps(s.NS).Update(s.t.Context(), &saved, metav1.UpdateOptions{}); err != nil {
		s.t.Fatal(err)
	}
}
