{{- /*
Names. Object names start with the fullname F; the longest that Kubernetes derives from one is a session's StatefulSet,
`F-s-<10 characters>`, which must stay within 52 characters: so F has 39 at most, and a longer one is cut and hashed.
*/ -}}

{{- define "berth.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "berth.fullname" -}}
{{- $name := include "berth.name" . -}}
{{- $full := .Values.fullnameOverride -}}
{{- if not $full -}}
{{- $full = ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- end -}}
{{- if gt (len $full) 39 -}}
{{- $full = printf "%s-%s" ($full | trunc 30 | trimSuffix "-") (sha256sum $full | trunc 8) -}}
{{- end -}}
{{- $full | replace "." "-" | trimSuffix "-" -}}
{{- end -}}

{{- define "berth.sessionNamespace" -}}
{{- .Values.sessionNamespace.name | default .Release.Namespace -}}
{{- end -}}

{{- /* True when the chart makes the session namespace. */ -}}
{{- define "berth.makesSessionNamespace" -}}
{{- if and .Values.sessionNamespace.create (ne (include "berth.sessionNamespace" .) .Release.Namespace) -}}true{{- end -}}
{{- end -}}

{{- define "berth.serviceAccountName" -}}
{{- $account := .Values.controlPlane.serviceAccount -}}
{{- if $account.create -}}
{{- $account.name | default (include "berth.fullname" .) -}}
{{- else -}}
{{- $account.name | default "default" -}}
{{- end -}}
{{- end -}}

{{- define "berth.sessionServiceAccountName" -}}
{{- .Values.sessions.serviceAccount.name | default (printf "%s-session" (include "berth.fullname" .)) -}}
{{- end -}}

{{- /* `/`, `/berth/`: one slash at either end. */ -}}
{{- define "berth.pathPrefix" -}}
{{- $path := trimAll "/" (regexReplaceAll "/+" .Values.pathPrefix "/") -}}
{{- if $path -}}{{- printf "/%s/" $path -}}{{- else -}}/{{- end -}}
{{- end -}}

{{- define "berth.helpersConfigMap" -}}
{{- if .Values.authHelpers.create -}}
{{- .Values.authHelpers.configMap | default (printf "%s-auth-helpers" (include "berth.fullname" .)) -}}
{{- else -}}
{{- .Values.authHelpers.configMap -}}
{{- end -}}
{{- end -}}
