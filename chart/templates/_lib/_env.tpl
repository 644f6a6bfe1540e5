{{- /* One variable from a Secret: (dict "name" "secret" "key", optional "optional"). */ -}}
{{- define "berth.envFromSecret" -}}
- name: {{ .name | quote }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret | quote }}
      key: {{ .key | quote }}
      {{- if .optional }}
      optional: true
      {{- end }}
{{- end -}}

{{- /* How the control plane finds its database. An address is never composed from parts: passwords may hold anything. */ -}}
{{- define "berth.databaseEnv" -}}
{{- $external := .Values.externalDatabase -}}
{{- if and $external.existingSecret $external.existingSecretEnv -}}
{{- range $key, $name := $external.existingSecretEnv }}
{{ include "berth.envFromSecret" (dict "name" $name "secret" $external.existingSecret "key" $key) }}
{{- end -}}
{{- else if $external.existingSecret }}
{{ include "berth.envFromSecret" (dict "name" "DATABASE_URL" "secret" $external.existingSecret "key" $external.existingSecretKey) }}
{{- else if .Values.postgresql.enabled }}
- name: PGHOST
  value: {{ printf "%s-postgresql.%s.svc" (include "berth.fullname" .) .Release.Namespace | quote }}
- name: PGPORT
  value: "5432"
- name: PGDATABASE
  value: {{ .Values.postgresql.auth.database | quote }}
- name: PGUSER
  value: {{ .Values.postgresql.auth.username | quote }}
{{ include "berth.envFromSecret" (dict "name" "PGPASSWORD" "secret" (include "berth.secret.postgresql.name" .) "key" (include "berth.postgresqlPasswordKey" .)) }}
{{- end -}}
{{- end -}}

{{- define "berth.postgresqlPasswordKey" -}}
{{- ternary "postgres-password" "password" (eq .Values.postgresql.auth.username "postgres") -}}
{{- end -}}

{{- /* The public name without its port: what an Ingress, a route or a certificate is for. */ -}}
{{- define "berth.hostName" -}}
{{- regexReplaceAll ":[0-9]+$" (.Values.controlPlane.host | default "") "" -}}
{{- end -}}

{{- /* Hosts that an Ingress or an HTTPRoute of ours names in place of `controlPlane.host`, as a JSON list. */ -}}
{{- define "berth.routeHosts" -}}
{{- $hosts := list -}}
{{- if .Values.ingress.enabled -}}
{{- range .Values.ingress.hosts -}}{{- $hosts = append $hosts .host -}}{{- end -}}
{{- end -}}
{{- if .Values.httpRoute.enabled -}}{{- $hosts = concat $hosts (.Values.httpRoute.hostnames | default list) -}}{{- end -}}
{{- $hosts | toJson -}}
{{- end -}}

{{- /* What we route to the control plane it must answer to. `*.example.com` is `.example.com` there. */ -}}
{{- define "berth.allowedHosts" -}}
{{- $hosts := prepend (.Values.controlPlane.extraHosts | default list) .Values.controlPlane.host -}}
{{- range include "berth.routeHosts" . | fromJsonArray -}}{{- $hosts = append $hosts (trimPrefix "*" .) -}}{{- end -}}
{{- $hosts | compact | uniq | join "," -}}
{{- end -}}

{{- /* Optional features that read their settings from the environment or from a directory. */ -}}
{{- define "berth.featureEnv" -}}
{{- if and .Values.oidc.enabled (not .Values.oidc.publicClient) }}
{{ include "berth.envFromSecret" (dict "name" "OIDC_CLIENT_SECRET" "secret" .Values.oidc.clientSecret.name "key" .Values.oidc.clientSecret.key "optional" .Values.oidc.clientSecret.create) }}
{{- end }}
{{- with .Values.headerAuth.trust.sharedSecret }}
{{- if and $.Values.headerAuth.enabled .existingSecret }}
{{ include "berth.envFromSecret" (dict "name" "HEADER_AUTH_SHARED_SECRET" "secret" .existingSecret "key" .key) }}
{{- end }}
{{- end }}
{{- with .Values.apiKeys.existingSecret }}
{{ include "berth.envFromSecret" (dict "name" "BERTH_API_KEYS" "secret" . "key" $.Values.apiKeys.existingSecretKey) }}
{{- end }}
{{- if .Values.providers.existingSecret }}
- name: BERTH_PROVIDER_KEYS_DIR
  value: /etc/berth/provider-keys
{{- end }}
{{- if include "berth.gitSecretSources" . }}
- name: BERTH_GIT_CREDENTIALS_DIR
  value: /etc/berth/git-credentials
{{- end }}
{{- if .Values.roleEnvFiles.enabled }}
- name: BERTH_ROLE_ENV_DIR
  value: /etc/berth/role-env
- name: BERTH_ROLE_ENV_DEFAULT
  value: {{ .Values.roleEnvFiles.loadDefault | quote }}
- name: BERTH_ROLE_ENV_SELECTABLE
  value: {{ .Values.roleEnvFiles.selectable | join "," | quote }}
{{- end }}
{{- with .Values.github.app }}
{{- if .id }}
- name: GITHUB_APP_ID
  value: {{ include "berth.text" .id | quote }}
- name: GITHUB_APP_SLUG
  value: {{ .slug | quote }}
- name: GITHUB_APP_CLIENT_ID
  value: {{ .clientId | quote }}
- name: GITHUB_BASE_URL
  value: {{ .baseUrl | quote }}
- name: BERTH_GITHUB_APP_DIR
  value: /etc/berth/github-app
{{- end }}
{{- end }}
{{- with .Values.artifacts.s3 }}
{{- if .bucket }}
- name: ARTIFACTS_S3_BUCKET
  value: {{ .bucket | quote }}
- name: ARTIFACTS_S3_REGION
  value: {{ .region | quote }}
- name: ARTIFACTS_S3_PREFIX
  value: {{ .prefix | quote }}
- name: ARTIFACTS_S3_ENDPOINT
  value: {{ .endpoint | quote }}
{{- if .existingSecret }}
{{ include "berth.envFromSecret" (dict "name" "ARTIFACTS_S3_ACCESS_KEY" "secret" .existingSecret "key" "accessKey") }}
{{ include "berth.envFromSecret" (dict "name" "ARTIFACTS_S3_SECRET_KEY" "secret" .existingSecret "key" "secretKey") }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* Every variable that the chart sets in the control plane's container, without the operator's. */ -}}
{{- define "berth.env" -}}
- name: POD_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: POD_NAMESPACE
  valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
- name: POD_IP
  valueFrom: {fieldRef: {fieldPath: status.podIP}}
- name: BERTH_CONFIG_FILE
  value: /etc/berth/config.json
- name: BERTH_LOG_LEVEL
  value: {{ .Values.controlPlane.logLevel | quote }}
- name: BERTH_HTTP_LISTEN
  value: {{ ternary "127.0.0.1:8080" "0.0.0.0:8080" .Values.authProxy.enabled | quote }}
- name: BERTH_BROKER_LISTEN
  value: 0.0.0.0:8081
- name: BERTH_METRICS_LISTEN
  value: 0.0.0.0:9090
- name: BERTH_BROKER_TLS_DIR
  value: /etc/berth/broker-tls
- name: ALLOWED_HOSTS
  value: {{ include "berth.allowedHosts" . | quote }}
{{ include "berth.envFromSecret" (dict "name" "BETTER_AUTH_SECRET" "secret" .Values.betterAuth.secret.name "key" .Values.betterAuth.secret.keys.secret) }}
{{ include "berth.envFromSecret" (dict "name" "BERTH_ENCRYPTION_KEYS" "secret" (include "berth.secret.encryption.name" .) "key" "keys") }}
{{- if include "berth.secret.admin.source" . }}
{{ include "berth.envFromSecret" (dict "name" "BERTH_ADMIN_EMAIL" "secret" (include "berth.secret.admin.name" .) "key" "email") }}
{{ include "berth.envFromSecret" (dict "name" "BERTH_ADMIN_PASSWORD" "secret" (include "berth.secret.admin.name" .) "key" "password") }}
{{- end }}
{{- include "berth.databaseEnv" . }}
{{- include "berth.featureEnv" . }}
{{- end -}}
