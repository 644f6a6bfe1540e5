{{- /* Rules about session pods. */ -}}
{{- define "berth.validate.sessions" -}}
{{- $v := .Values -}}
{{- $s := $v.sessions -}}
{{- $faults := list -}}
{{- if and $v.sessionNamespace.create (not $v.sessionNamespace.name) -}}
{{- $faults = append $faults "sessionNamespace.create needs sessionNamespace.name" -}}
{{- end -}}
{{- $builtIn := list "agent-config" "auth-secret" "workspace" -}}
{{- $reserved := list "agent-config" "auth-secret" "berth-auth-helpers" "berth-auth-tmp" "berth-broker-ca" "berth-broker-token" "berth-tmp" "workspace" -}}
{{- $own := (include "berth.config.own" . | fromJson).secrets -}}
{{- $names := $builtIn -}}
{{- range $s.extraVolumes -}}
{{- if has .name $reserved -}}
{{- $faults = append $faults (printf "sessions.extraVolumes[].name=%q is a built-in volume: choose another name" .name) -}}
{{- end -}}
{{- $secret := ((.secret | default dict).secretName) | default "" -}}
{{- if has $secret $own -}}
{{- $faults = append $faults (printf "sessions.extraVolumes[].name=%q: the Secret %q belongs to Berth itself and cannot be used in session pods" .name $secret) -}}
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
{{- range $key := list "initContainers" "extraContainers" -}}
{{- range get $cp $key -}}
{{- if has .name (list "control-plane" (ternary ($v.authProxy.container.name | default "auth-proxy") "control-plane" $v.authProxy.enabled)) -}}
{{- $faults = append $faults (printf "controlPlane.%s[].name=%q is a container of the chart's own: choose another name" $key .name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if $v.authProxy.enabled -}}
{{- if eq ($v.authProxy.container.name | default "") "control-plane" -}}
{{- $faults = append $faults "authProxy.container.name: control-plane is the other container of the pod" -}}
{{- end -}}
{{- $port := int $v.authProxy.port -}}
{{- $ports := list "http" "broker" "metrics" "proxy" -}}
{{- range $v.authProxy.container.ports -}}
{{- if and .name (ne (int .containerPort) $port) -}}
{{- if has .name $ports -}}
{{- $faults = append $faults (printf "authProxy.container.ports: %s is the name of another port of the pod; choose another for %d (authProxy.port=%d is called proxy)" .name (int .containerPort) $port) -}}
{{- end -}}
{{- $ports = append $ports .name -}}
{{- end -}}
{{- end -}}
{{- range $v.authProxy.container.volumeMounts -}}
{{- if not (has .name $volumes) -}}
{{- $faults = append $faults (printf "authProxy.container.volumeMounts[].name=%q references no defined volume (controlPlane.extraVolumes); valid names: [%s]" .name ($volumes | sortAlpha | join ", ")) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- with $cp.pdb -}}
{{- if and .enabled (has (toString .minAvailable) (list "" "<nil>")) (eq (toString .maxUnavailable) "") -}}
{{- $faults = append $faults "controlPlane.pdb.enabled needs controlPlane.pdb.maxUnavailable or controlPlane.pdb.minAvailable" -}}
{{- end -}}
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

{{- /* Credential profiles, in the words of the control plane, which checks them again. */ -}}
{{- define "berth.validate.profiles" -}}
{{- $faults := list -}}
{{- range $name, $profile := .Values.credentials.profiles -}}
{{- $binding := $profile.default_binding -}}
{{- $resolver := $binding.runtime_auth_resolver | default "" -}}
{{- if not $resolver -}}
{{- if eq $binding.type "bearer_env" -}}
{{- $faults = append $faults (printf "credentials.profiles.%s: bearer_env binding must have exactly one of auth_origin or runtime_auth_resolver" $name) -}}
{{- else -}}
{{- $faults = append $faults (printf "credentials.profiles.%s: %s binding requires runtime_auth_resolver" $name $binding.type) -}}
{{- end -}}
{{- else if not (hasKey ($profile.runtime_auth_resolvers | default dict) $resolver) -}}
{{- $faults = append $faults (printf "credentials.profiles.%s: binding references runtime_auth_resolver %q which is not defined" $name $resolver) -}}
{{- end -}}
{{- if and (eq $binding.type "bearer_env") (not $binding.env_name) -}}
{{- $faults = append $faults (printf "credentials.profiles.%s: bearer_env binding requires env_name" $name) -}}
{{- end -}}
{{- if and (eq $binding.type "model_provider") (not $binding.provider) -}}
{{- $faults = append $faults (printf "credentials.profiles.%s: model_provider binding requires provider" $name) -}}
{{- end -}}
{{- $providers := dig $resolver "providers" (list) ($profile.runtime_auth_resolvers | default dict) -}}
{{- $provider := $binding.provider | default (ternary "anthropic" "" (eq $binding.type "claude_api_key_helper")) -}}
{{- if and $providers $provider (ne $binding.type "bearer_env") (not (has $provider $providers)) -}}
{{- $faults = append $faults (printf "credentials.profiles.%s: default_binding is for the model provider %q, which runtime_auth_resolvers.%s.providers does not have" $name $provider $resolver) -}}
{{- end -}}
{{- range $profile.environment_files -}}
{{- if not $.Values.roleEnvFiles.enabled -}}
{{- $faults = append $faults (printf "credentials.profiles.%s.environment_files: %q needs roleEnvFiles.enabled" $name .) -}}
{{- else if not (hasKey $.Values.roleEnvFiles.files .) -}}
{{- $faults = append $faults (printf "credentials.profiles.%s.environment_files: %q is not in roleEnvFiles.files" $name .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $faults | toJson -}}
{{- end -}}
