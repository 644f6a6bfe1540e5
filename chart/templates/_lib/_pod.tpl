{{- /* An HTTP probe: (dict "probe" values "port" name). */ -}}
{{- define "berth.probe" -}}
httpGet:
  path: {{ .probe.path | quote }}
  port: {{ .port }}
periodSeconds: {{ .probe.periodSeconds }}
timeoutSeconds: {{ .probe.timeoutSeconds }}
failureThreshold: {{ .probe.failureThreshold }}
{{- end -}}

{{- /* The operator's affinity, or replicas on different nodes where possible. */ -}}
{{- define "berth.affinity" -}}
{{- with .Values.controlPlane.affinity -}}
{{- toYaml . -}}
{{- else -}}
podAntiAffinity:
  preferredDuringSchedulingIgnoredDuringExecution:
    - weight: 100
      podAffinityTerm:
        topologyKey: kubernetes.io/hostname
        labelSelector:
          matchLabels:
            {{- include "berth.selector" (dict "root" . "component" "control-plane") | nindent 12 }}
{{- end -}}
{{- end -}}

{{- /*
The proxy's container with defaults that Pod Security "restricted" asks for. The port that the Service sends to is always there
by its name, whatever other ports the container lists and however it calls this one.
*/ -}}
{{- define "berth.authProxyContainer" -}}
{{- $defaults := dict "name" "auth-proxy" "securityContext" (deepCopy .Values.controlPlane.securityContext) -}}
{{- $port := int .Values.authProxy.port -}}
{{- $ports := list (dict "name" "proxy" "containerPort" $port) -}}
{{- range .Values.authProxy.container.ports -}}
{{- if ne (int .containerPort) $port -}}{{- $ports = append $ports . -}}{{- end -}}
{{- end -}}
{{- toYaml (mustMergeOverwrite $defaults (deepCopy .Values.authProxy.container) (dict "ports" $ports)) -}}
{{- end -}}

{{- /* Where UI and API are served inside the pod, as a port's name. */ -}}
{{- define "berth.httpTargetPort" -}}
{{- ternary "proxy" "http" .Values.authProxy.enabled -}}
{{- end -}}

{{- define "berth.istio.podLabels" -}}
{{- if .Values.istio.enabled -}}
sidecar.istio.io/inject: {{ .Values.istio.inject | quote }}
{{- end -}}
{{- end -}}

{{- /* Session pods are not in the mesh: their port, and the metrics', pass the sidecar by. */ -}}
{{- define "berth.istio.podAnnotations" -}}
{{- if and .Values.istio.enabled .Values.istio.inject -}}
traffic.sidecar.istio.io/excludeInboundPorts: "8081,9090"
{{- end -}}
{{- end -}}
