{{- /*
Which Secret holds what, and where it comes from. Each has exactly one source: given, External Secrets, the values file, or
the secrets Job. `berth.secret.<x>.name` says its name; `berth.secret.<x>.source` one of given|store|generator|values|job.
*/ -}}

{{- define "berth.externalSecretsMode" -}}
{{- if .Values.externalSecrets.enabled -}}{{- ternary "store" "generator" (ne .Values.externalSecrets.store.name "") -}}{{- end -}}
{{- end -}}

{{- define "berth.secret.cookie.source" -}}
{{- if not .Values.betterAuth.secret.create -}}given
{{- else -}}{{- include "berth.externalSecretsMode" . | default "job" -}}{{- end -}}
{{- end -}}

{{- define "berth.secret.encryption.valuesName" -}}
{{- printf "%s-encryption-values" (include "berth.fullname" .) -}}
{{- end -}}

{{- define "berth.secret.encryption.name" -}}
{{- if .Values.encryption.existingSecret -}}{{- .Values.encryption.existingSecret -}}
{{- else if .Values.encryption.keys -}}{{- include "berth.secret.encryption.valuesName" . -}}
{{- else -}}{{- printf "%s-encryption" (include "berth.fullname" .) -}}{{- end -}}
{{- end -}}

{{- define "berth.secret.encryption.source" -}}
{{- if .Values.encryption.existingSecret -}}given
{{- else if .Values.encryption.keys -}}values
{{- else if eq (include "berth.externalSecretsMode" .) "store" -}}store
{{- else -}}job{{- end -}}
{{- end -}}

{{- define "berth.secret.admin.name" -}}
{{- .Values.passwordAuth.bootstrapAdmin.existingSecret | default (printf "%s-admin" (include "berth.fullname" .)) -}}
{{- end -}}

{{- /* Empty when there is no first administrator. */ -}}
{{- define "berth.secret.admin.source" -}}
{{- if and .Values.passwordAuth.enabled .Values.passwordAuth.bootstrapAdmin.enabled -}}
{{- if .Values.passwordAuth.bootstrapAdmin.existingSecret -}}given
{{- else if eq (include "berth.externalSecretsMode" .) "store" -}}store
{{- else -}}job{{- end -}}
{{- end -}}
{{- end -}}

{{- define "berth.adminEmail" -}}
{{- .Values.passwordAuth.bootstrapAdmin.email | default (printf "admin@%s" (include "berth.hostName" . | default "berth.local")) -}}
{{- end -}}

{{- define "berth.secret.postgresql.valuesName" -}}
{{- printf "%s-postgresql-values" (include "berth.fullname" .) -}}
{{- end -}}

{{- define "berth.secret.postgresql.name" -}}
{{- $auth := .Values.postgresql.auth -}}
{{- if $auth.existingSecret -}}{{- $auth.existingSecret -}}
{{- else if $auth.password -}}{{- include "berth.secret.postgresql.valuesName" . -}}
{{- else -}}{{- printf "%s-postgresql" (include "berth.fullname" .) -}}{{- end -}}
{{- end -}}

{{- /* Empty without an embedded PostgreSQL. External Secrets' generator writes to `auth.existingSecret` where it is set. */ -}}
{{- define "berth.secret.postgresql.source" -}}
{{- $auth := .Values.postgresql.auth -}}
{{- if .Values.postgresql.enabled -}}
{{- $mode := include "berth.externalSecretsMode" . -}}
{{- if eq $mode "generator" -}}generator
{{- else if $auth.existingSecret -}}given
{{- else if eq $mode "store" -}}store
{{- else if $auth.password -}}values
{{- else -}}job{{- end -}}
{{- end -}}
{{- end -}}

{{- /*
What tells the pods that a secret in the values has changed: (dict "secrets" (list …)), those that pods get from a Secret of the
chart's own. Short, because more people may read annotations than Secrets; it still confirms a guess of a weak password.
*/ -}}
{{- define "berth.valuesChecksum" -}}
{{- with .secrets | compact -}}
berth.dev/secrets-checksum: {{ . | toJson | sha256sum | trunc 6 | quote }}
{{- end -}}
{{- end -}}

{{- define "berth.valuesChecksum.controlPlane" -}}
{{- $postgresql := ternary .Values.postgresql.auth.password "" (eq (include "berth.secret.postgresql.source" .) "values") -}}
{{- $encryption := ternary (join "," .Values.encryption.keys) "" (eq (include "berth.secret.encryption.source" .) "values") -}}
{{- include "berth.valuesChecksum" (dict "secrets" (list $postgresql $encryption)) -}}
{{- end -}}

{{- define "berth.valuesChecksum.postgresql" -}}
{{- $password := ternary .Values.postgresql.auth.password "" (eq (include "berth.secret.postgresql.source" .) "values") -}}
{{- include "berth.valuesChecksum" (dict "secrets" (list $password)) -}}
{{- end -}}

{{- define "berth.secret.brokerTls.name" -}}
{{- .Values.broker.tls.existingSecret | default (printf "%s-broker-tls" (include "berth.fullname" .)) -}}
{{- end -}}

{{- /* The names under which session pods may call the broker. */ -}}
{{- define "berth.brokerNames" -}}
{{- $service := printf "%s-broker" (include "berth.fullname" .) -}}
{{- $ns := .Release.Namespace -}}
{{- list $service (printf "%s.%s" $service $ns) (printf "%s.%s.svc" $service $ns) (printf "%s.%s.svc.cluster.local" $service $ns) | toJson -}}
{{- end -}}
