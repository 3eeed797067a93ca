package keda

// scaledObject has the fields of a ScaledObject (keda.sh/v1alpha1). A field that is not here is named in a comment.
type scaledObject struct {
	APIVersion string         `yaml:"apiVersion"`
	Kind       string         `yaml:"kind"`
	Metadata   objectMeta     `yaml:"metadata"`
	Status     map[string]any `yaml:"status"` // KEDA's own, no setting
	Spec       struct {
		ScaleTargetRef struct {
			APIVersion             string `yaml:"apiVersion"`
			Kind                   string `yaml:"kind"`
			Name                   string `yaml:"name"`
			EnvSourceContainerName string `yaml:"envSourceContainerName"`
		} `yaml:"scaleTargetRef"`
		PollingInterval       *int32    `yaml:"pollingInterval"`
		InitialCooldownPeriod *int32    `yaml:"initialCooldownPeriod"`
		CooldownPeriod        *int32    `yaml:"cooldownPeriod"`
		IdleReplicaCount      *int32    `yaml:"idleReplicaCount"`
		MinReplicaCount       *int32    `yaml:"minReplicaCount"`
		MaxReplicaCount       *int32    `yaml:"maxReplicaCount"`
		Fallback              *fallback `yaml:"fallback"`
		Advanced              advanced  `yaml:"advanced"`
		Triggers              []trigger `yaml:"triggers"`
	} `yaml:"spec"`
}

// objectMeta has all fields of metadata. Those without a type of their own are the API server's, no settings.
type objectMeta struct {
	Name                       string            `yaml:"name"`
	Namespace                  string            `yaml:"namespace"`
	Annotations                map[string]string `yaml:"annotations"`
	Labels                     map[string]string `yaml:"labels"`
	GenerateName               any               `yaml:"generateName"`
	SelfLink                   any               `yaml:"selfLink"`
	UID                        any               `yaml:"uid"`
	ResourceVersion            any               `yaml:"resourceVersion"`
	Generation                 any               `yaml:"generation"`
	CreationTimestamp          any               `yaml:"creationTimestamp"`
	DeletionTimestamp          any               `yaml:"deletionTimestamp"`
	DeletionGracePeriodSeconds any               `yaml:"deletionGracePeriodSeconds"`
	OwnerReferences            []any             `yaml:"ownerReferences"`
	Finalizers                 []string          `yaml:"finalizers"`
	ManagedFields              []any             `yaml:"managedFields"`
}

type fallback struct {
	FailureThreshold int32  `yaml:"failureThreshold"`
	Replicas         int32  `yaml:"replicas"`
	Behavior         string `yaml:"behavior"`
}

type advanced struct {
	RestoreToOriginalReplicaCount bool `yaml:"restoreToOriginalReplicaCount"`
	HorizontalPodAutoscalerConfig struct {
		Name     string `yaml:"name"`
		Behavior struct {
			ScaleDown rules          `yaml:"scaleDown"`
			ScaleUp   map[string]any `yaml:"scaleUp"`
		} `yaml:"behavior"`
	} `yaml:"horizontalPodAutoscalerConfig"`
	ScalingModifiers map[string]any `yaml:"scalingModifiers"`
}

type rules struct {
	StabilizationWindowSeconds *int32 `yaml:"stabilizationWindowSeconds"`
	Policies                   []any  `yaml:"policies"`
	SelectPolicy               string `yaml:"selectPolicy"`
}

type trigger struct {
	Type              string            `yaml:"type"`
	Name              string            `yaml:"name"`
	Metadata          map[string]string `yaml:"metadata"`
	AuthenticationRef map[string]string `yaml:"authenticationRef"`
	MetricType        string            `yaml:"metricType"`
	UseCachedMetrics  bool              `yaml:"useCachedMetrics"`
}

// kafkaScaler is a KafkaScaler with its fields in the order of the documentation.
type kafkaScaler struct {
	APIVersion string   `yaml:"apiVersion"`
	Kind       string   `yaml:"kind"`
	Metadata   metadata `yaml:"metadata,flow"`
	Spec       spec     `yaml:"spec"`
}

type metadata struct {
	Name        string            `yaml:"name"`
	Namespace   string            `yaml:"namespace,omitempty"`
	Annotations map[string]string `yaml:"annotations,omitempty"`
}

type spec struct {
	Mode                string   `yaml:"mode"`
	ScaleTargetRef      target   `yaml:"scaleTargetRef,flow"`
	Sources             []source `yaml:"sources"`
	MinReplicas         int32    `yaml:"minReplicas"`
	MaxReplicas         *int32   `yaml:"maxReplicas,omitempty"`
	FallbackReplicas    *int32   `yaml:"fallbackReplicas,omitempty"`
	StabilizationWindow string   `yaml:"stabilizationWindow,omitempty"`
	ActivationLag       int64    `yaml:"activationLag,omitempty"`
	IdleTime            string   `yaml:"idleTime,omitempty"`
	Schedule            []window `yaml:"schedule,omitempty"`
}

type target struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string `yaml:"kind"`
	Name       string `yaml:"name"`
}

type source struct {
	Cluster string   `yaml:"cluster"`
	Group   string   `yaml:"group"`
	Topics  []string `yaml:"topics,flow,omitempty"`

	OffsetReset string `yaml:"offsetReset,omitempty"`
}

type window struct {
	Start       string `yaml:"start"`
	End         string `yaml:"end"`
	TimeZone    string `yaml:"timeZone,omitempty"`
	MinReplicas int32  `yaml:"minReplicas"`
}
