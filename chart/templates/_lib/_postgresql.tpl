{{- define "berth.postgresql.files" -}}
start.sh: |
  {{- .Files.Get "files/postgresql/start.sh" | nindent 2 }}
stop.sh: |
  {{- .Files.Get "files/postgresql/stop.sh" | nindent 2 }}
pg_hba.conf: |
  {{- .Files.Get "files/postgresql/pg_hba.conf" | nindent 2 }}
{{- end -}}

{{- define "berth.postgresql.claim" -}}
{{- .Values.postgresql.primary.persistence.existingClaim | default (printf "%s-postgresql-data" (include "berth.fullname" .)) -}}
{{- end -}}
