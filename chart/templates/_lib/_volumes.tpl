{{- /* Sources of the projected volume with git credentials: `<host>/token` for each host with a Secret. */ -}}
{{- define "berth.gitSecretSources" -}}
{{- range $host, $settings := .Values.git.hosts }}
{{- with ($settings | default dict).existingSecret }}
- secret:
    name: {{ . | quote }}
    items:
      - key: {{ $settings.existingSecretKey | default "token" | quote }}
        path: {{ printf "%s/token" $host | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "berth.roleEnvSources" -}}
{{- range $file, $source := .Values.roleEnvFiles.files }}
- secret:
    name: {{ $source.secretName | quote }}
    items:
      - key: {{ $source.key | quote }}
        path: {{ $file | quote }}
{{- end }}
{{- end -}}

{{- /* Volumes of the control plane. 288 is 0440: readable through the pod's group, by nobody else. */ -}}
{{- define "berth.volumes" -}}
- name: config
  configMap:
    name: {{ include "berth.fullname" . }}-config
- name: broker-tls
  secret:
    secretName: {{ include "berth.secret.brokerTls.name" . | quote }}
    defaultMode: 288
- name: tmp
  emptyDir:
    sizeLimit: 256Mi
{{- with .Values.providers.existingSecret }}
- name: provider-keys
  secret:
    secretName: {{ . | quote }}
    defaultMode: 288
{{- end }}
{{- with include "berth.gitSecretSources" . }}
- name: git-credentials
  projected:
    defaultMode: 288
    sources:
      {{- . | nindent 6 }}
{{- end }}
{{- if .Values.roleEnvFiles.enabled }}
- name: role-env
  projected:
    defaultMode: 288
    sources:
      {{- include "berth.roleEnvSources" . | nindent 6 }}
{{- end }}
{{- if and .Values.github.app.id .Values.github.app.existingSecret }}
- name: github-app
  secret:
    secretName: {{ .Values.github.app.existingSecret | quote }}
    defaultMode: 288
{{- end }}
{{- with .Values.controlPlane.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "berth.volumeMounts" -}}
- name: config
  mountPath: /etc/berth/config.json
  subPath: config.json
  readOnly: true
- name: broker-tls
  mountPath: /etc/berth/broker-tls
  readOnly: true
- name: tmp
  mountPath: /tmp
{{- if .Values.providers.existingSecret }}
- name: provider-keys
  mountPath: /etc/berth/provider-keys
  readOnly: true
{{- end }}
{{- if include "berth.gitSecretSources" . }}
- name: git-credentials
  mountPath: /etc/berth/git-credentials
  readOnly: true
{{- end }}
{{- if .Values.roleEnvFiles.enabled }}
- name: role-env
  mountPath: /etc/berth/role-env
  readOnly: true
{{- end }}
{{- if and .Values.github.app.id .Values.github.app.existingSecret }}
- name: github-app
  mountPath: /etc/berth/github-app
  readOnly: true
{{- end }}
{{- with .Values.controlPlane.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}
