{{- /* The Gateway as a VirtualService names it: the one made here, or the operator's `name` or `namespace/name`. */ -}}
{{- define "berth.istio.gatewayName" -}}
{{- .Values.istio.gateway.name | default (ternary (include "berth.fullname" .) "" .Values.istio.gateway.create) -}}
{{- end -}}
