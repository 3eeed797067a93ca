{{- define "lagscaler.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "lagscaler.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains (include "lagscaler.name" .) .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "lagscaler.name" .) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* The name of a shard's Deployment, of the context and the index. The first one has that of a release without shards. */}}
{{- define "lagscaler.shardName" -}}
{{- $name := include "lagscaler.fullname" (index . 0) -}}
{{- if index . 1 -}}{{ printf "%s-shard-%d" (trunc 54 $name | trimSuffix "-") (index . 1) }}{{- else -}}{{ $name }}{{- end -}}
{{- end -}}

{{- define "lagscaler.selector" -}}
app.kubernetes.io/name: {{ include "lagscaler.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "lagscaler.labels" -}}
{{ include "lagscaler.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "lagscaler.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "lagscaler.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "lagscaler.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* The configuration file: the value config, with the settings that the chart has values of its own for. */}}
{{- define "lagscaler.config" -}}
{{- $kubernetes := dict "enabled" true "namespace" .Release.Namespace "leaseName" (include "lagscaler.fullname" .) -}}
{{- if .Values.watchNamespaces -}}
{{- $_ := set $kubernetes "watchNamespaces" .Values.watchNamespaces -}}
{{- end -}}
{{- $config := deepCopy .Values.config -}}
{{- $_ := set $config "mode" .Values.mode -}}
{{- $_ := set $config "listen" (printf ":%d" (int .Values.service.port)) -}}
{{- $_ := set $config "healthListen" (printf ":%d" (int .Values.service.healthPort)) -}}
{{- $_ := set $config "kubernetes" $kubernetes -}}
{{- if .Values.clusterConfigMaps -}}
{{- if .Values.config.clusters -}}
{{- fail "clusterConfigMaps: must not be set together with config.clusters" -}}
{{- end -}}
{{- $_ := set $config "clusters" "/etc/lagscaler/clusters" -}}
{{- end -}}
{{- if .Values.webConfigSecret -}}
{{- $_ := set $config "webConfigFile" "/etc/lagscaler/web/web.yml" -}}
{{- end -}}
{{- if .Values.externalScaler.enabled -}}
{{- $external := dict "listen" (printf ":%d" (int .Values.externalScaler.port)) "advertise" (printf "[${POD_IP}]:%d" (int .Values.externalScaler.port)) -}}
{{- if .Values.externalScaler.tlsSecret -}}
{{- $tls := dict "certFile" "/etc/lagscaler/external-scaler/tls.crt" "keyFile" "/etc/lagscaler/external-scaler/tls.key" -}}
{{- if .Values.externalScaler.clientCertificates -}}
{{- $_ := set $tls "clientCAFile" "/etc/lagscaler/external-scaler/ca.crt" -}}
{{- end -}}
{{- $_ := set $external "tls" $tls -}}
{{- else if .Values.externalScaler.clientCertificates -}}
{{- fail "externalScaler.clientCertificates needs externalScaler.tlsSecret" -}}
{{- end -}}
{{- $_ := set $config "externalScaler" $external -}}
{{- end -}}
{{- if .Values.customMetrics.enabled -}}
{{- if not .Values.externalScaler.enabled -}}
{{- fail "customMetrics.enabled needs externalScaler.enabled: a replica that does not lead asks the leader there" -}}
{{- end -}}
{{- if not .Values.customMetrics.tlsSecret -}}
{{- fail "customMetrics.enabled needs customMetrics.tlsSecret: the API server asks over TLS only" -}}
{{- end -}}
{{- if not (or .Values.customMetrics.caBundle .Values.customMetrics.annotations) -}}
{{- fail "customMetrics.enabled needs customMetrics.caBundle, or customMetrics.annotations with which cert-manager writes it" -}}
{{- end -}}
{{- $_ := set $config "customMetrics" (dict "listen" (printf ":%d" (int .Values.customMetrics.port)) "certFile" "/etc/lagscaler/custom-metrics/tls.crt" "keyFile" "/etc/lagscaler/custom-metrics/tls.key") -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{/* 90 % of the memory limit, in bytes, for the Go runtime. Empty if the limit is not a whole number with a known unit. */}}
{{- define "lagscaler.gomemlimit" -}}
{{- $limit := dig "limits" "memory" "" .Values.resources | toString -}}
{{- $units := dict "" 1 "k" 1000 "M" 1000000 "G" 1000000000 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 -}}
{{- if regexMatch "^[0-9]+(k|M|G|Ki|Mi|Gi)?$" $limit -}}
{{- $number := regexFind "^[0-9]+" $limit -}}
{{- printf "%d" (div (mul ($number | int64) (get $units (trimPrefix $number $limit)) 9) 10) -}}
{{- end -}}
{{- end -}}

{{/* The settings that need a restart: a change of them starts new pods. A test compares the list with the program. */}}
{{- define "lagscaler.fixed" -}}
{{- $config := include "lagscaler.config" . | fromYaml -}}
{{- $fixed := pick $config "listen" "healthListen" "webConfigFile" "externalScaler" "customMetrics" "interval" "sampleInterval" "otlp" "history" "record" "audit" "memory" "kubernetes" -}}
{{- $_ := set $fixed "compat" (dig "metrics" "compat" false $config) -}}
{{- $_ := set $fixed "format" (dig "log" "format" "" $config) -}}
{{- toJson $fixed -}}
{{- end -}}

{{/* Permissions in every watched namespace, for the mode. A test compares them with the list in package scaler/kube. */}}
{{- define "lagscaler.watchedRules" -}}
- apiGroups: [lagscaler.io]
  resources: [kafkascalers]
  verbs: [list, watch]
- apiGroups: [apps]
  resources: [deployments, statefulsets]
  verbs: [list, watch]
{{- range .Values.rbac.targets }}
- apiGroups: [{{ .group | quote }}]
  resources: [{{ .resource | quote }}]
  verbs: [list, watch]
{{- end }}
{{- if ne .Values.mode "observe" }}
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [namespaces]
  verbs: [{{ if .Values.watchNamespaces }}get{{ else }}list, watch{{ end }}]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [list, watch]
- apiGroups: [keda.sh]
  resources: [scaledobjects]
  verbs: [list, watch]
- apiGroups: [lagscaler.io]
  resources: [kafkascalers/status]
  verbs: [patch]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [get]
- apiGroups: [""]
  resources: [events]
  verbs: [create]
{{- range .Values.rbac.targets }}
- apiGroups: [{{ .group | quote }}]
  resources: [{{ printf "%s/scale" .resource | quote }}]
  verbs: [{{ if eq $.Values.mode "act" }}get, update{{ else }}get{{ end }}]
{{- end }}
{{- end }}
{{- if eq .Values.mode "act" }}
- apiGroups: [apps]
  resources: [deployments/scale, statefulsets/scale]
  verbs: [get, update]
{{- end }}
{{- end -}}

{{/* Not empty if the chart creates the policy that checks who writes KafkaScalers. */}}
{{- define "lagscaler.admissionPolicy" -}}
{{- $served := .Capabilities.APIVersions.Has "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy" -}}
{{- $auto := and (eq .Values.admissionPolicy.create "auto") (eq .Values.rbac.scope "cluster") $served -}}
{{- if or $auto (eq .Values.admissionPolicy.create "always") -}}true{{- end -}}
{{- end -}}

{{/* The resources of the targets, as a list of GROUP/RESOURCE in CEL. */}}
{{- define "lagscaler.scaledResources" -}}
{{- $all := list "'apps/deployments'" "'apps/statefulsets'" -}}
{{- range .Values.rbac.targets -}}
{{- $all = append $all (printf "'%s/%s'" .group .resource) -}}
{{- end -}}
[{{ join ", " $all }}]
{{- end -}}

{{/* The namespaces of Strimzi's Kafka resources, and the Secrets of users that may be read there, as JSON. A user with {name} is not one name. */}}
{{- define "lagscaler.strimzi" -}}
{{- $all := dict -}}
{{- range .Values.config.strimzi -}}
{{- $users := default list (get $all .namespace) -}}
{{- if and .user (not (contains "{name}" .user)) -}}
{{- $users = uniq (append $users .user) -}}
{{- end -}}
{{- $_ := set $all .namespace $users -}}
{{- end -}}
{{- toJson $all -}}
{{- end -}}

{{/* Permissions in the namespace of the release. */}}
{{- define "lagscaler.ownRules" -}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create, get, update]
{{- if or (ne .Values.mode "observe") .Values.config.messages }}
- apiGroups: [""]
  resources: [configmaps]
  verbs: [create, delete, list, update]
{{- end }}
{{- end -}}
