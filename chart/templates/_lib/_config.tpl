{{- /* A scalar as text. Helm holds the numbers of a values file as floats, and a long one would come out as 1.2e+07. */ -}}
{{- define "berth.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) -}}{{- printf "%.0f" . -}}{{- else -}}{{- toString . -}}{{- end -}}
{{- end -}}

{{- /* Seconds of a duration: a number, or `90s`, `30m`, `8h`, `2d`. */ -}}
{{- define "berth.seconds" -}}
{{- $text := include "berth.text" . -}}
{{- $unit := regexFind "[smhd]$" $text -}}
{{- $factor := get (dict "" 1 "s" 1 "m" 60 "h" 3600 "d" 86400) $unit -}}
{{- mul (trimSuffix $unit $text | atoi) $factor -}}
{{- end -}}

{{- /* Takes the entries out of a map that are empty: an empty value means "not set" in the values file. */ -}}
{{- define "berth.withoutEmpty" -}}
{{- $kept := dict -}}
{{- range $key, $value := . -}}
{{- if $value -}}{{- $_ := set $kept $key $value -}}{{- end -}}
{{- end -}}
{{- $kept | toJson -}}
{{- end -}}

{{- /* The part of config.json about session pods. */ -}}
{{- define "berth.config.sessions" -}}
{{- $s := .Values.sessions -}}
{{- $labels := $s.podLabels | default dict -}}
{{- if .Values.istio.enabled -}}
{{- /* Session pods stay outside the mesh: their only peers are the broker and DNS. */ -}}
{{- $labels = mustMergeOverwrite (dict "sidecar.istio.io/inject" "false") $labels -}}
{{- end -}}
{{- $optional := dict
  "resources" $s.resources "sidecarResources" $s.sidecarResources "imagePullSecrets" $s.imagePullSecrets
  "nodeSelector" $s.nodeSelector "tolerations" $s.tolerations "affinity" $s.affinity
  "runtimeClassName" $s.runtimeClassName "priorityClassName" $s.priorityClassName
  "podLabels" $labels "podAnnotations" $s.podAnnotations
  "extraVolumes" $s.extraVolumes "extraVolumeMounts" $s.extraVolumeMounts "podTemplate" $s.podTemplate
  "authProfile" $s.authProfile -}}
{{- $always := dict
  "serviceAccountName" (include "berth.sessionServiceAccountName" .)
  "podSecurityLevel" $s.podSecurityLevel "setUserIds" $s.setUserIds "maxPerUser" (int $s.maxPerUser) "maxVolumesPerUser" (int $s.maxVolumesPerUser)
  "maxStoredMiB" (int $s.maxStoredMiB) "maxStoredMiBPerUser" (int $s.maxStoredMiBPerUser)
  "maxDatabaseMiB" (include "berth.maxDatabaseMiB" . | int)
  "defaultVisibility" $s.defaultVisibility "scratchSize" $s.scratchSize
  "idleTimeout_s" (include "berth.seconds" $s.idleTimeout | int)
  "startTimeout_s" (include "berth.seconds" $s.startTimeout | int) -}}
{{- mustMergeOverwrite (include "berth.withoutEmpty" $optional | fromJson) $always | toJson -}}
{{- end -}}

{{- /* Without a value of its own: 60 % of the volume. The rest is for the write-ahead log, for deletes and for everything else. */ -}}
{{- define "berth.maxDatabaseMiB" -}}
{{- $own := .Values.postgresql.primary.persistence -}}
{{- $size := $own.size | toString -}}
{{- $max := int .Values.sessions.maxDatabaseMiB -}}
{{- if and (eq $max 0) .Values.postgresql.enabled $own.enabled -}}
{{- range $unit, $mib := dict "Mi" 1 "Gi" 1024 "Ti" 1048576 -}}
{{- if regexMatch (printf "^[0-9]+%s$" $unit) $size -}}
{{- $max = div (mul (trimSuffix $unit $size | int) $mib 60) 100 -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $max -}}
{{- end -}}

{{- define "berth.config.signIn" -}}
{{- $oidc := omit .Values.oidc "clientSecret" "providerId" -}}
{{- $_ := set $oidc "providerId" (.Values.oidc.providerId | default "oidc") -}}
{{- $header := deepCopy .Values.headerAuth -}}
{{- $shared := .Values.headerAuth.trust.sharedSecret -}}
{{- $_ := set $header.trust "sharedSecret" (dict "enabled" (ne $shared.existingSecret "") "header" $shared.header) -}}
{{- if and .Values.authProxy.enabled $header.enabled (not (include "berth.headerAnchor" .)) -}}
{{- /* Behind a proxy in the same pod the control plane listens on loopback: whoever reaches it is that proxy. */ -}}
{{- $_ := set $header.trust "cidrs" (list "127.0.0.1/32" "::1/128") -}}
{{- end -}}
{{- dict "passwordAuth" (dict "enabled" .Values.passwordAuth.enabled) "oidc" $oidc "headerAuth" $header "roleMapping" .Values.roleMapping | toJson -}}
{{- end -}}

{{- /* Not empty when header sign-in has a trust anchor of its own. */ -}}
{{- define "berth.headerAnchor" -}}
{{- $trust := .Values.headerAuth.trust -}}
{{- if or $trust.cidrs $trust.jwt.issuer $trust.sharedSecret.existingSecret -}}true{{- end -}}
{{- end -}}

{{- /*
Secrets and volumes of the installation itself that session pods could name: those of the release's namespace, when sessions
run in it. The control plane knows its sessions' own by their names.
*/ -}}
{{- define "berth.config.own" -}}
{{- $v := .Values -}}
{{- $secrets := list -}}
{{- $claims := list -}}
{{- if eq (include "berth.sessionNamespace" .) .Release.Namespace -}}
{{- $secrets = list $v.betterAuth.secret.name (include "berth.secret.encryption.name" .) (include "berth.secret.admin.name" .) (include "berth.secret.brokerTls.name" .) $v.headerAuth.trust.sharedSecret.existingSecret $v.apiKeys.existingSecret $v.providers.existingSecret $v.github.app.existingSecret $v.artifacts.s3.existingSecret $v.externalDatabase.existingSecret -}}
{{- if $v.postgresql.enabled -}}
{{- $secrets = append $secrets (include "berth.secret.postgresql.name" .) -}}
{{- $claims = append $claims (include "berth.postgresql.claim" .) -}}
{{- end -}}
{{- if $v.oidc.enabled -}}{{- $secrets = append $secrets $v.oidc.clientSecret.name -}}{{- end -}}
{{- range $v.git.hosts -}}{{- $secrets = append $secrets (. | default dict).existingSecret -}}{{- end -}}
{{- range $v.roleEnvFiles.files -}}{{- $secrets = append $secrets .secretName -}}{{- end -}}
{{- end -}}
{{- dict "secrets" ($secrets | compact | uniq | sortAlpha) "claims" $claims | toJson -}}
{{- end -}}

{{- define "berth.config.git" -}}
{{- $hosts := dict -}}
{{- range $host, $settings := .Values.git.hosts -}}
{{- $_ := set $hosts $host (pick ($settings | default dict) "scheme" "existingSecret" "username" "allow") -}}
{{- end -}}
{{- dict "hosts" $hosts | toJson -}}
{{- end -}}

{{- /* config.json, as the control plane's configuration schema wants it: unknown keys are refused there. */ -}}
{{- define "berth.config" -}}
{{- $full := include "berth.fullname" . -}}
{{- $deployment := .Values.controlPlane.deployment -}}
{{- $config := dict
  "release" $full
  "instance" .Release.Name
  "namespace" .Release.Namespace
  "sessionNamespace" (include "berth.sessionNamespace" .)
  "public" (dict "host" .Values.controlPlane.host "pathPrefix" (include "berth.pathPrefix" .) "tls" (not .Values.controlPlane.insecureHttp) "trustedProxies" .Values.controlPlane.trustedProxies)
  "images" (dict
    "dataPlane" ($deployment.dataPlaneImage | default (include "berth.image" (dict "root" . "image" .Values.dataPlane.image)))
    "dataPlaneInit" ($deployment.dataPlaneInitImage | default (include "berth.image" (dict "root" . "image" .Values.dataPlaneInit.image)))
    "auth" (include "berth.image" (dict "root" . "image" .Values.authHelpers.image))
    "pullPolicy" .Values.dataPlane.image.pullPolicy)
  "broker" (dict
    "url" (printf "https://%s-broker.%s.svc:8081" $full .Release.Namespace)
    "caConfigMap" (printf "%s-broker-ca" $full)
    "verifyPeerAddress" .Values.broker.verifyPeerAddress
    "allowedPrivateHosts" .Values.broker.allowedPrivateHosts
    "allowedModelRequests" (.Values.broker.allowedModelRequests | default dict))
  "sessions" (include "berth.config.sessions" . | fromJson)
  "sessionVolume" (include "berth.withoutEmpty" .Values.sessionVolume | fromJson)
  "authHelpers" (include "berth.withoutEmpty" (dict "configMap" (include "berth.helpersConfigMap" .) "container" .Values.authHelpers.container) | fromJson)
  "providers" (omit .Values.providers "existingSecret")
  "agent" (include "berth.withoutEmpty" .Values.agent | fromJson)
  "git" (include "berth.config.git" . | fromJson)
  "credentials" (include "berth.withoutEmpty" .Values.credentials | fromJson)
  "own" (include "berth.config.own" . | fromJson)
  "audit" (dict "retention_days" (int .Values.controlPlane.auditRetentionDays)) -}}
{{- mustMergeOverwrite $config (include "berth.config.signIn" . | fromJson) | toPrettyJson -}}
{{- end -}}
