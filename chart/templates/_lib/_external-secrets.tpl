{{- /*
A generated Secret that stays what it is: (dict "root" "name" object name "target" Secret "keys" list of keys "annotations").
CreatedOnce alone is kept in the ExternalSecret's status and lost with it; the immutable, orphaned Secret is what survives
a prune and a new apply. Each key gets a value of its own: generators have no memory.
*/ -}}
{{- define "berth.generatedSecret" -}}
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  {{- include "berth.metadata" (dict "root" .root "name" .name "component" .component) | nindent 2 }}
spec:
  refreshPolicy: {{ .root.Values.externalSecrets.refreshPolicy | quote }}
  refreshInterval: {{ .root.Values.externalSecrets.refreshInterval | quote }}
  target:
    name: {{ .target | quote }}
    creationPolicy: Orphan
    immutable: true
    template:
      engineVersion: v2
      metadata:
        labels:
          {{- include "berth.keptLabels" (dict "root" .root "component" .component) | nindent 10 }}
        annotations:
          {{- .annotations | default dict | toYaml | nindent 10 }}
      data:
        {{- range $index, $key := .keys }}
        {{ $key | quote }}: {{ printf "{{ .value%d }}" $index | quote }}
        {{- end }}
  dataFrom:
    {{- range $index, $key := .keys }}
    - sourceRef:
        generatorRef:
          apiVersion: generators.external-secrets.io/v1alpha1
          kind: Password
          name: {{ include "berth.fullname" $.root }}-generated
      rewrite:
        - regexp:
            source: password
            target: value{{ $index }}
    {{- end }}
{{- end -}}

{{- /* The ExternalSecret that writes a Secret from the store: (dict "root" $ "secret" name). */ -}}
{{- define "berth.storeExternalSecret" -}}
{{- $full := include "berth.fullname" .root -}}
{{- ternary .secret (printf "%s-%s" $full .secret) (hasPrefix $full .secret) -}}
{{- end -}}

{{- define "berth.storeSource" -}}
{{- $store := .Values.externalSecrets.store -}}
refreshPolicy: Periodic
refreshInterval: {{ $store.refreshInterval | quote }}
secretStoreRef:
  name: {{ $store.name | quote }}
  kind: {{ $store.kind | quote }}
{{- end -}}

{{- /* Name of a Secret in the store: (dict "store" values "secret" name). */ -}}
{{- define "berth.storeKey" -}}
{{- $prefix := .store.path | trimSuffix .store.separator -}}
{{- get .store.keys .secret | default (ternary (printf "%s%s%s" $prefix .store.separator .secret) .secret (ne .store.path "")) -}}
{{- end -}}

{{- /* The entries that a store is asked for, by Secret: {"<Secret>": {"component", "annotations", "data": [...]}}. */ -}}
{{- define "berth.storeSecrets" -}}
{{- $store := .Values.externalSecrets.store -}}
{{- $wanted := dict -}}
{{- if eq (include "berth.secret.cookie.source" .) "store" -}}
{{- $_ := set $wanted .Values.betterAuth.secret.name (list .Values.betterAuth.secret.keys.secret) -}}
{{- end -}}
{{- if eq (include "berth.secret.encryption.source" .) "store" -}}
{{- $_ := set $wanted (include "berth.secret.encryption.name" .) (list "keys") -}}
{{- end -}}
{{- if eq (include "berth.secret.admin.source" .) "store" -}}
{{- $_ := set $wanted (include "berth.secret.admin.name" .) (list "email" "password") -}}
{{- end -}}
{{- if eq (include "berth.secret.postgresql.source" .) "store" -}}
{{- $_ := set $wanted (include "berth.secret.postgresql.name" .) (list "postgres-password" "password") -}}
{{- end -}}
{{- if and .Values.oidc.enabled .Values.oidc.clientSecret.create -}}
{{- $_ := set $wanted .Values.oidc.clientSecret.name (list .Values.oidc.clientSecret.key) -}}
{{- end -}}
{{- /* The server's own defaults, written out: it fills them into the list, and Argo CD would see a difference for ever. */ -}}
{{- $defaults := dict "conversionStrategy" "Default" "decodingStrategy" "None" "metadataPolicy" "None" -}}
{{- $result := dict -}}
{{- range $secret, $keys := $wanted -}}
{{- $data := list -}}
{{- range $keys -}}
{{- $data = append $data (dict "secretKey" . "remoteRef" (merge (dict "key" (include "berth.storeKey" (dict "store" $store "secret" $secret)) "property" .) $defaults)) -}}
{{- end -}}
{{- $_ := set $result $secret $data -}}
{{- end -}}
{{- range $store.extraData -}}
{{- $_ := set $result .secretName (append (get $result .secretName | default list) (dict "secretKey" .secretKey "remoteRef" (merge dict .remoteRef $defaults))) -}}
{{- end -}}
{{- $result | toJson -}}
{{- end -}}
