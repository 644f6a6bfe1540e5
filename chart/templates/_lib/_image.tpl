{{- /*
An image reference: (dict "root" $ "image" .Values.x.image). Registry: its own, then registry.default. Tag: its own, then
image.tag, then the chart's appVersion. With a digest, the tag is left out.
*/ -}}
{{- define "berth.image" -}}
{{- $values := .root.Values -}}
{{- $registry := .image.registry | default $values.registry.default -}}
{{- $path := ternary (printf "%s/%s" (trimSuffix "/" $registry) .image.repository) .image.repository (ne $registry "") -}}
{{- if .image.digest -}}
{{- printf "%s@%s" $path .image.digest -}}
{{- else -}}
{{- printf "%s:%s" $path (.image.tag | default $values.image.tag | default .root.Chart.AppVersion) -}}
{{- end -}}
{{- end -}}
