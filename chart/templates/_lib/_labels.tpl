{{- /* Labels of one component: (dict "root" $ "component" "control-plane"). */ -}}
{{- define "berth.labels" -}}
{{ include "berth.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- /* What selects a component's pods. Immutable on a Deployment: no version, nothing of the operator's. */ -}}
{{- define "berth.selector" -}}
app.kubernetes.io/name: {{ include "berth.name" .root | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- /* Labels of a component's pods, the operator's first: (dict "root" "component" "extra"). */ -}}
{{- define "berth.podLabels" -}}
{{- toYaml (mustMergeOverwrite (dict) (.extra | default dict) (include "berth.selector" . | fromYaml)) -}}
{{- end -}}

{{- /* The head of an object's metadata: (dict "root" "name" "component", optional "namespace" "annotations" "labels"). */ -}}
{{- define "berth.metadata" -}}
name: {{ .name | quote }}
namespace: {{ .namespace | default .root.Release.Namespace | quote }}
labels:
  {{- toYaml (mustMergeOverwrite (dict) (.labels | default dict) (include "berth.labels" . | fromYaml)) | nindent 2 }}
{{- with .annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- /* Session pods of this release, in whichever namespace they run. */ -}}
{{- define "berth.sessionSelector" -}}
app.kubernetes.io/component: session
berth.dev/release: {{ include "berth.fullname" . | quote }}
{{- end -}}

{{- /*
Labels of what others make on our behalf and what outlives the release. Without `instance`: a GitOps controller that tracks
by that label would prune what it does not find in its sources.
*/ -}}
{{- define "berth.keptLabels" -}}
app.kubernetes.io/name: {{ include "berth.name" .root | quote }}
app.kubernetes.io/component: {{ .component }}
berth.dev/release: {{ include "berth.fullname" .root | quote }}
{{- end -}}
