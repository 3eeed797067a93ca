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

{{/* The configuration file: the user's, with what this chart decides. */}}
{{- define "lagscaler.config" -}}
{{- $kubernetes := dict "enabled" true "namespace" .Release.Namespace "leaseName" (include "lagscaler.fullname" .) -}}
{{- if .Values.watchNamespaces -}}
{{- $_ := set $kubernetes "watchNamespaces" .Values.watchNamespaces -}}
{{- end -}}
{{- $config := deepCopy .Values.config -}}
{{- $_ := set $config "mode" .Values.mode -}}
{{- $_ := set $config "listen" (printf ":%d" (int .Values.service.port)) -}}
{{- $_ := set $config "kubernetes" $kubernetes -}}
{{- if .Values.webConfigSecret -}}
{{- $_ := set $config "webConfigFile" "/etc/lagscaler/web/web.yml" -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{/* 90 % of the memory limit, for the Go runtime. Empty when the limit is not in Mi or Gi. */}}
{{- define "lagscaler.gomemlimit" -}}
{{- $limit := dig "limits" "memory" "" .Values.resources | toString -}}
{{- if hasSuffix "Gi" $limit -}}
{{- printf "%dMiB" (div (mul (trimSuffix "Gi" $limit | int) 1024 9) 10) -}}
{{- else if hasSuffix "Mi" $limit -}}
{{- printf "%dMiB" (div (mul (trimSuffix "Mi" $limit | int) 9) 10) -}}
{{- end -}}
{{- end -}}

{{/* Rights in every watched namespace. The list of package scaler/kube, mode by mode; a test holds the two together. */}}
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
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [list, watch]
- apiGroups: [keda.sh]
  resources: [scaledobjects]
  verbs: [list, watch]
- apiGroups: [lagscaler.io]
  resources: [kafkascalers/status]
  verbs: [patch]
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

{{/* Rights in the release's own namespace. */}}
{{- define "lagscaler.ownRules" -}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create, get, update]
{{- if ne .Values.mode "observe" }}
- apiGroups: [""]
  resources: [configmaps]
  verbs: [create, delete, list, update]
{{- end }}
{{- end -}}
