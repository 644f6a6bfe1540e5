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

{{- /* The chart's own images that come from no registry of the values, for a person to read; empty when there is none. */ -}}
{{- define "berth.imagesWithoutRegistry" -}}
{{- $v := .Values -}}
{{- $images := list -}}
{{- if not $v.registry.default -}}
{{- if not $v.controlPlane.image.registry -}}{{- $images = append $images $v.controlPlane.image.repository -}}{{- end -}}
{{- if not (or $v.dataPlane.image.registry $v.controlPlane.deployment.dataPlaneImage) -}}
{{- $images = append $images $v.dataPlane.image.repository -}}
{{- end -}}
{{- if not (or $v.dataPlaneInit.image.registry $v.controlPlane.deployment.dataPlaneInitImage) -}}
{{- $images = append $images $v.dataPlaneInit.image.repository -}}
{{- end -}}
{{- if not (or $v.authHelpers.image.registry ($v.authHelpers.container | default dict).image) -}}
{{- $images = append $images $v.authHelpers.image.repository -}}
{{- end -}}
{{- end -}}
{{- join ", " $images -}}
{{- end -}}
