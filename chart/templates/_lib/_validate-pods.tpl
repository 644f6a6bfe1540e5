{{- /* Rules about session pods. */ -}}
{{- define "berth.validate.sessions" -}}
{{- $v := .Values -}}
{{- $s := $v.sessions -}}
{{- $faults := list -}}
{{- if and $v.sessionNamespace.create (not $v.sessionNamespace.name) -}}
{{- $faults = append $faults "sessionNamespace.create needs sessionNamespace.name" -}}
{{- end -}}
{{- $builtIn := list "agent-config" "auth-secret" "workspace" -}}
{{- $reserved := list "agent-config" "auth-secret" "broker-ca" "broker-token" "tmp" "workspace" -}}
{{- $names := $builtIn -}}
{{- range $s.extraVolumes -}}
{{- if has .name $reserved -}}
{{- $faults = append $faults (printf "sessions.extraVolumes[].name=%q is a built-in volume: choose another name" .name) -}}
{{- end -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- range $s.extraVolumeMounts -}}
{{- if not (has .name $names) -}}
{{- $faults = append $faults (printf "sessions.extraVolumeMounts[].name=%q references no defined volume; valid names: [%s]" .name ($names | uniq | sortAlpha | join ", ")) -}}
{{- end -}}
{{- end -}}
{{- if lt (include "berth.seconds" $s.startTimeout | int) 30 -}}
{{- $faults = append $faults "sessions.startTimeout must be 30s or more" -}}
{{- end -}}
{{- if and $s.authProfile (not (hasKey $v.credentials.profiles $s.authProfile)) -}}
{{- $faults = append $faults (printf "sessions.authProfile references profile %q which is not defined in credentials.profiles" $s.authProfile) -}}
{{- end -}}
{{- if and $v.authHelpers.create (not $v.authHelpers.files) -}}
{{- $faults = append $faults "authHelpers.create needs authHelpers.files" -}}
{{- end -}}
{{- if and $v.authHelpers.files (not $v.authHelpers.create) -}}
{{- $faults = append $faults "authHelpers.files needs authHelpers.create=true" -}}
{{- end -}}
{{- if and (not $s.serviceAccount.create) (not $s.serviceAccount.name) -}}
{{- $faults = append $faults "sessions.serviceAccount.create=false needs sessions.serviceAccount.name" -}}
{{- end -}}
{{- $faults | toJson -}}
{{- end -}}

{{- /* Lists that Kubernetes merges by a key refuse two entries with the same one (and Helm 4 refuses the whole object). */ -}}
{{- define "berth.validate.pods" -}}
{{- $v := .Values -}}
{{- $cp := $v.controlPlane -}}
{{- $faults := list -}}
{{- $own := list -}}
{{- range include "berth.env" . | fromYamlArray -}}
{{- if has .name $own -}}
{{- $faults = append $faults (printf "externalDatabase.existingSecretEnv sets %s, which the chart sets itself" .name) -}}
{{- end -}}
{{- $own = append $own .name -}}
{{- end -}}
{{- $seen := list -}}
{{- range $cp.deployment.extraEnv -}}
{{- if has .name $own -}}
{{- $faults = append $faults (printf "controlPlane.deployment.extraEnv sets %s, which the chart sets itself" .name) -}}
{{- else if has .name $seen -}}
{{- $faults = append $faults (printf "controlPlane.deployment.extraEnv sets %s twice" .name) -}}
{{- end -}}
{{- $seen = append $seen .name -}}
{{- end -}}
{{- $volumes := list -}}
{{- range include "berth.volumes" . | fromYamlArray -}}
{{- if has .name $volumes -}}
{{- $faults = append $faults (printf "controlPlane.extraVolumes: there are two volumes %s" .name) -}}
{{- end -}}
{{- $volumes = append $volumes .name -}}
{{- end -}}
{{- $paths := list -}}
{{- range include "berth.volumeMounts" . | fromYamlArray -}}
{{- if has .mountPath $paths -}}
{{- $faults = append $faults (printf "controlPlane.extraVolumeMounts: two mounts at %s" .mountPath) -}}
{{- end -}}
{{- if not (has .name $volumes) -}}
{{- $faults = append $faults (printf "controlPlane.extraVolumeMounts[].name=%q references no defined volume; valid names: [%s]" .name ($volumes | sortAlpha | join ", ")) -}}
{{- end -}}
{{- $paths = append $paths .mountPath -}}
{{- end -}}
{{- with $cp.autoscaling -}}
{{- if and .enabled (lt (.maxReplicas | int) (.minReplicas | int)) -}}
{{- $faults = append $faults "controlPlane.autoscaling.maxReplicas is less than minReplicas" -}}
{{- end -}}
{{- end -}}
{{- if and (not $cp.serviceAccount.create) $v.rbac.enabled (not $cp.serviceAccount.name) -}}
{{- $faults = append $faults "controlPlane.serviceAccount.create=false with rbac.enabled would give the namespace's default account the control plane's permissions: set controlPlane.serviceAccount.name" -}}
{{- end -}}
{{- $faults | toJson -}}
{{- end -}}
