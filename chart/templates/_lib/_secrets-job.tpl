{{- /*
What the secrets Job makes, as JSON for the program. It names keys and kinds, never values (the administrator's address is
no secret). `secrets` are in the release's namespace; `brokerCa` in the session namespace.
*/ -}}
{{- define "berth.secretsPlan" -}}
{{- $secrets := list -}}
{{- if eq (include "berth.secret.cookie.source" .) "job" -}}
{{- $secrets = append $secrets (dict "name" .Values.betterAuth.secret.name "annotations" (.Values.betterAuth.secret.annotations | default dict) "keys" (dict .Values.betterAuth.secret.keys.secret (dict "kind" "token"))) -}}
{{- end -}}
{{- if eq (include "berth.secret.encryption.source" .) "job" -}}
{{- $secrets = append $secrets (dict "name" (include "berth.secret.encryption.name" .) "previous" (include "berth.secret.encryption.valuesName" .) "keys" (dict "keys" (dict "kind" "encryption-key"))) -}}
{{- end -}}
{{- if eq (include "berth.secret.postgresql.source" .) "job" -}}
{{- $password := dict "kind" "password" -}}
{{- $secrets = append $secrets (dict "name" (include "berth.secret.postgresql.name" .) "previous" (include "berth.secret.postgresql.valuesName" .) "keys" (dict "postgres-password" $password "password" $password)) -}}
{{- end -}}
{{- if eq (include "berth.secret.admin.source" .) "job" -}}
{{- $secrets = append $secrets (dict "name" (include "berth.secret.admin.name" .) "keys" (dict "email" (dict "kind" "literal" "value" (include "berth.adminEmail" .)) "password" (dict "kind" "password"))) -}}
{{- end -}}
{{- dict
  "labels" (include "berth.keptLabels" (dict "root" . "component" "secrets") | fromYaml)
  "namespace" .Release.Namespace
  "secrets" $secrets
  "stores" (include "berth.storesPlan" . | fromJsonArray)
  "brokerTls" (dict "secret" (include "berth.secret.brokerTls.name" .) "create" (not .Values.broker.tls.existingSecret) "dnsNames" (include "berth.brokerNames" . | fromJsonArray))
  "brokerCa" (dict "namespace" (include "berth.sessionNamespace" .) "configMap" (printf "%s-broker-ca" (include "berth.fullname" .)))
  | toJson -}}
{{- end -}}

{{- /* What a store is about to write, for the Job to compare with what is in use. */ -}}
{{- define "berth.storesPlan" -}}
{{- $stores := list -}}
{{- if eq (include "berth.externalSecretsMode" .) "store" -}}
{{- $previous := dict (include "berth.secret.encryption.name" .) (include "berth.secret.encryption.valuesName" .) (include "berth.secret.postgresql.name" .) (include "berth.secret.postgresql.valuesName" .) -}}
{{- range $secret, $data := include "berth.storeSecrets" . | fromJson -}}
{{- $keys := dict -}}
{{- range $data -}}{{- $_ := set $keys .secretKey (list .remoteRef.key .remoteRef.property | compact | join " ") -}}{{- end -}}
{{- $stores = append $stores (merge (dict "name" $secret "externalSecret" (include "berth.storeExternalSecret" (dict "root" $ "secret" $secret)) "shown" (include "berth.storeShown" (dict "root" $ "secret" $secret)) "keys" $keys) (include "berth.withoutEmpty" (dict "previous" (get $previous $secret)) | fromJson)) -}}
{{- end -}}
{{- end -}}
{{- $stores | toJson -}}
{{- end -}}

{{- /* The Secret that shows to the Job what the store holds for another one, while Helm runs: (dict "root" $ "secret" name). */ -}}
{{- define "berth.storeShown" -}}
{{- printf "%s-in-store" (include "berth.storeExternalSecret" . | trunc 243) -}}
{{- end -}}

{{- /* Names of the Secrets that the Job may only read. */ -}}
{{- define "berth.secretsPlan.readNames" -}}
{{- $plan := include "berth.secretsPlan" . | fromJson -}}
{{- $names := list -}}
{{- range $plan.secrets -}}{{- $names = append $names .previous -}}{{- end -}}
{{- range $plan.stores -}}{{- $names = concat $names (list .name .shown .previous) -}}{{- end -}}
{{- $names | compact | uniq | toJson -}}
{{- end -}}

{{- /* Names of the Secrets that the Job may read and fill. */ -}}
{{- define "berth.secretsPlan.names" -}}
{{- $plan := include "berth.secretsPlan" . | fromJson -}}
{{- $names := list $plan.brokerTls.secret -}}
{{- range $plan.secrets -}}{{- $names = append $names .name -}}{{- end -}}
{{- $names | uniq | toJson -}}
{{- end -}}

{{- /*
The Job: (dict "root" "name" "hook" "step", optional "preflight"). A hook, because pods cannot start before their Secrets are there, and because
what it makes belongs to nobody but the operator: it survives uninstall.
*/ -}}
{{- define "berth.secretsJob" -}}
{{- $values := .root.Values -}}
apiVersion: batch/v1
kind: Job
metadata:
  {{- include "berth.metadata" (dict "root" .root "name" .name "component" "secrets" "annotations" (include "berth.hookAnnotations" (dict "hook" .hook "weight" "-5") | fromYaml)) | nindent 2 }}
spec:
  backoffLimit: 3
  # What only a person can change is not tried again.
  podFailurePolicy:
    rules:
      - action: FailJob
        onExitCodes:
          containerName: secrets
          operator: In
          values: [3]
      {{- if .preflight }}
      - action: FailJob
        onExitCodes:
          containerName: preflight
          operator: In
          values: [78]
      {{- end }}
  # Of all attempts, the pull of the image included.
  activeDeadlineSeconds: 600
  template:
    metadata:
      labels:
        {{- include "berth.podLabels" (dict "root" .root "component" "secrets" "extra" (mustMergeOverwrite (dict "sidecar.istio.io/inject" "false") ($values.secretsJob.podLabels | default dict))) | nindent 8 }}
      {{- with $values.secretsJob.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      # The pod of an attempt that failed stays, and with it the log that says why.
      restartPolicy: Never
      serviceAccountName: {{ include "berth.fullname" .root }}-secrets
      enableServiceLinks: false
      {{- with $values.controlPlane.imagePullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      securityContext:
        {{- toYaml $values.controlPlane.podSecurityContext | nindent 8 }}
      {{- if .preflight }}
      initContainers:
        - {{- include "berth.preflightContainer" .root | nindent 10 }}
      volumes:
        - name: config
          configMap:
            name: {{ include "berth.fullname" .root }}-preflight
      {{- end }}
      containers:
        - name: secrets
          image: {{ include "berth.image" (dict "root" .root "image" $values.controlPlane.image) | quote }}
          imagePullPolicy: {{ $values.controlPlane.image.pullPolicy | quote }}
          command: [node, /app/secrets.mjs]
          args: [{{ .step }}]
          env:
            - name: BERTH_SECRETS_PLAN
              value: {{ include "berth.secretsPlan" .root | quote }}
          resources:
            {{- toYaml $values.secretsJob.resources | nindent 12 }}
          securityContext:
            {{- toYaml $values.controlPlane.securityContext | nindent 12 }}
      {{- with $values.controlPlane.priorityClassName }}
      priorityClassName: {{ . | quote }}
      {{- end }}
      {{- /* Not towards pods: before the install there are none to be near, and replicas may already be on every node. */}}
      {{- with (($values.controlPlane.affinity | default dict).nodeAffinity) }}
      affinity:
        nodeAffinity:
          {{- toYaml . | nindent 10 }}
      {{- end }}
      {{- with $values.controlPlane.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.controlPlane.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end -}}

{{- /*
The control plane's own checks over the new settings, before anything changes: its image, its environment and its config.json.
Secrets may not be there yet. Variables of the operator's may need files that are mounted in the control plane only.
*/ -}}
{{- define "berth.preflightContainer" -}}
{{- $env := include "berth.env" . | fromYamlArray -}}
{{- range $env -}}
{{- with (.valueFrom | default dict).secretKeyRef -}}{{- $_ := set . "optional" true -}}{{- end -}}
{{- end -}}
name: preflight
image: {{ include "berth.image" (dict "root" . "image" .Values.controlPlane.image) | quote }}
imagePullPolicy: {{ .Values.controlPlane.image.pullPolicy | quote }}
command: [node, /app/main.mjs, --preflight]
terminationMessagePolicy: FallbackToLogsOnError
env:
  {{- toYaml $env | nindent 2 }}
resources:
  {{- toYaml .Values.secretsJob.resources | nindent 2 }}
securityContext:
  {{- toYaml .Values.controlPlane.securityContext | nindent 2 }}
volumeMounts:
  - name: config
    mountPath: /etc/berth/config.json
    subPath: config.json
    readOnly: true
{{- end -}}

{{- define "berth.hookAnnotations" -}}
helm.sh/hook: {{ .hook }}
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}

{{- /*
A session namespace that the chart makes is not there yet when pre-install hooks run, and neither is a given Secret that
cert-manager or External Secrets make for an object of this release: the broker's CA is then handed to the sessions by a
second Job, after the install.
*/ -}}
{{- define "berth.brokerCaIsLater" -}}
{{- if or (include "berth.makesSessionNamespace" .) .Values.broker.tls.existingSecret -}}true{{- end -}}
{{- end -}}

{{- define "berth.secretsHooks" -}}
{{- if include "berth.brokerCaIsLater" . -}}
pre-install,pre-upgrade,post-install,post-upgrade
{{- else -}}
pre-install,pre-upgrade
{{- end -}}
{{- end -}}

{{- define "berth.brokerCaHooks" -}}
{{- ternary "post-install,post-upgrade" "pre-install,pre-upgrade" (eq (include "berth.brokerCaIsLater" .) "true") -}}
{{- end -}}
