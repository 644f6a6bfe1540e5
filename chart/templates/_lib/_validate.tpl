{{- /*
Rules over more than one value. Each `berth.validate.<area>` answers a JSON list of messages, each saying what to set; all
come out together.
*/ -}}
{{- define "berth.validate" -}}
{{- include "berth.fillDefaults" . -}}
{{- $faults := list -}}
{{- range list "reach" "signIn" "data" "sessions" "profiles" "pods" -}}
{{- $faults = concat $faults (include (printf "berth.validate.%s" .) $ | fromJsonArray) -}}
{{- end -}}
{{- if $faults -}}
{{- fail (printf "\n\nThe values do not fit together:\n  - %s\n" (join "\n  - " $faults)) -}}
{{- end -}}
{{- end -}}

{{- /*
Puts the default where a key or its section is null: tools such as Terraform write null for what nobody has set, and to Helm
that means "no such key". It changes the values themselves, which all templates share, and runs before any other: it is
called by the template that Helm renders first. The list of defaults is generated. Inside of a default of its own, such as
a security context, null still takes a field away.
*/ -}}
{{- define "berth.fillDefaults" -}}
{{- range $key, $default := .Files.Get "files/validation/defaults.json" | fromJson -}}
{{- $node := $.Values -}}
{{- $parts := splitList "." $key -}}
{{- range initial $parts -}}
{{- if not (kindIs "map" (index $node .)) -}}{{- $_ := set $node . dict -}}{{- end -}}
{{- $node = index $node . -}}
{{- end -}}
{{- if kindIs "invalid" (index $node (last $parts)) -}}{{- $_ := set $node (last $parts) $default -}}{{- end -}}
{{- end -}}
{{- end -}}

{{- define "berth.validate.reach" -}}
{{- $v := .Values -}}
{{- $faults := list -}}
{{- if regexMatch "^[0-9]" (include "berth.fullname" .) -}}
{{- $faults = append $faults (printf "object names would begin with a digit (%s), and those of Services cannot: set fullnameOverride, for example to b%s" (include "berth.fullname" .) (include "berth.fullname" .)) -}}
{{- end -}}
{{- $istioRoute := and $v.istio.enabled $v.istio.virtualService.enabled -}}
{{- $ways := list -}}
{{- if $v.ingress.enabled -}}{{- $ways = append $ways "ingress.enabled" -}}{{- end -}}
{{- if $v.httpRoute.enabled -}}{{- $ways = append $ways "httpRoute.enabled" -}}{{- end -}}
{{- if $istioRoute -}}{{- $ways = append $ways "istio.virtualService.enabled" -}}{{- end -}}
{{- if gt (len $ways) 1 -}}
{{- $faults = append $faults (printf "%s: choose one of them, set the others to false" (join " and " $ways)) -}}
{{- end -}}
{{- if not $v.controlPlane.host -}}
{{- if and $v.ingress.enabled (not $v.ingress.hosts) -}}
{{- $faults = append $faults "ingress.enabled needs controlPlane.host (or ingress.hosts)" -}}
{{- end -}}
{{- if and $v.httpRoute.enabled (not $v.httpRoute.hostnames) -}}
{{- $faults = append $faults "httpRoute.enabled needs controlPlane.host (or httpRoute.hostnames)" -}}
{{- end -}}
{{- if or $istioRoute (and $v.istio.enabled $v.istio.gateway.create) -}}
{{- $faults = append $faults "istio.enabled needs controlPlane.host" -}}
{{- end -}}
{{- end -}}
{{- if and $v.httpRoute.enabled (not $v.httpRoute.parentRefs) -}}
{{- $faults = append $faults "httpRoute.enabled needs httpRoute.parentRefs, the Gateway to attach to" -}}
{{- end -}}
{{- if and $istioRoute (not $v.istio.gateway.create) (not $v.istio.gateway.name) -}}
{{- $faults = append $faults "istio.enabled needs a Gateway: set istio.gateway.name to <namespace>/<name>, or istio.gateway.create=true, or istio.virtualService.enabled=false" -}}
{{- end -}}
{{- if and $v.istio.gateway.create (contains "/" $v.istio.gateway.name) -}}
{{- $faults = append $faults "istio.gateway.create makes the Gateway in the release's namespace: istio.gateway.name must be a name without a namespace" -}}
{{- end -}}
{{- if and $v.service.externalTrafficPolicy (eq $v.service.type "ClusterIP") -}}
{{- $faults = append $faults "service.externalTrafficPolicy needs service.type=NodePort or LoadBalancer" -}}
{{- end -}}
{{- if and (or $v.service.loadBalancerClass $v.service.loadBalancerSourceRanges) (ne $v.service.type "LoadBalancer") -}}
{{- $faults = append $faults "service.loadBalancerClass and service.loadBalancerSourceRanges need service.type=LoadBalancer" -}}
{{- end -}}
{{- if and $v.service.nodePort (eq $v.service.type "ClusterIP") -}}
{{- $faults = append $faults "service.nodePort needs service.type=NodePort or LoadBalancer" -}}
{{- end -}}
{{- $faults | toJson -}}
{{- end -}}

{{- define "berth.validate.signIn" -}}
{{- $v := .Values -}}
{{- $oidc := $v.oidc -}}
{{- $header := $v.headerAuth -}}
{{- $trust := $header.trust -}}
{{- $faults := list -}}
{{- if not (or $v.passwordAuth.enabled $oidc.enabled $header.enabled $v.apiKeys.existingSecret) -}}
{{- $faults = append $faults "nobody could sign in: set one of passwordAuth.enabled, oidc.enabled, headerAuth.enabled, apiKeys.existingSecret" -}}
{{- end -}}
{{- if $oidc.enabled -}}
{{- range list "issuer" "clientId" -}}
{{- if not (get $oidc .) -}}{{- $faults = append $faults (printf "oidc.enabled needs oidc.%s" .) -}}{{- end -}}
{{- end -}}
{{- if not $v.controlPlane.host -}}
{{- $faults = append $faults "oidc.enabled needs controlPlane.host, for the redirect URI" -}}
{{- end -}}
{{- if and $oidc.issuer (hasPrefix "http://" $oidc.issuer) (not $oidc.allowInsecureIssuer) -}}
{{- $faults = append $faults "oidc.issuer must be an https address (or set oidc.allowInsecureIssuer=true for a test)" -}}
{{- end -}}
{{- if and $oidc.publicClient (not $oidc.pkce) -}}
{{- $faults = append $faults "oidc.publicClient needs oidc.pkce=true" -}}
{{- end -}}
{{- if and $oidc.publicClient $oidc.clientSecret.create -}}
{{- $faults = append $faults "oidc.publicClient has no secret: set oidc.clientSecret.create=false" -}}
{{- end -}}
{{- if and (not $oidc.publicClient) (not $oidc.clientSecret.name) -}}
{{- $faults = append $faults "oidc.enabled needs oidc.clientSecret.name, or oidc.publicClient=true" -}}
{{- end -}}
{{- if not (has "openid" $oidc.scopes) -}}
{{- $faults = append $faults "oidc.scopes must contain openid" -}}
{{- end -}}
{{- end -}}
{{- if $header.enabled -}}
{{- if not (or $header.email.header $header.jwt.header) -}}
{{- $faults = append $faults "headerAuth.enabled needs headerAuth.email.header or headerAuth.jwt.header" -}}
{{- end -}}
{{- if not (or $trust.cidrs $trust.jwt.issuer $trust.jwt.audience $trust.jwt.jwksUri $trust.sharedSecret.existingSecret $v.authProxy.enabled) -}}
{{- $faults = append $faults "headerAuth.enabled needs a trust anchor, or anyone who reaches the control plane can be anybody: set headerAuth.trust.cidrs, headerAuth.trust.jwt or headerAuth.trust.sharedSecret (or authProxy.enabled)" -}}
{{- end -}}
{{- $others := or $trust.jwt.issuer $trust.sharedSecret.existingSecret $v.authProxy.enabled $v.istio.gateway.principals -}}
{{- if and $trust.cidrs (not $others) $v.istio.enabled $v.istio.inject -}}
{{- $faults = append $faults "headerAuth.trust.cidrs cannot be the only anchor behind an Istio sidecar: all requests come from 127.0.0.6 there. Set headerAuth.trust.jwt, headerAuth.trust.sharedSecret, or istio.gateway.principals with 127.0.0.6/32 among the addresses" -}}
{{- end -}}
{{- range $trust.cidrs -}}
{{- if hasSuffix "/0" . -}}
{{- $faults = append $faults (printf "headerAuth.trust.cidrs: %s is every address there is; name the proxies' own network" .) -}}
{{- end -}}
{{- end -}}
{{- $jwt := list $trust.jwt.issuer $trust.jwt.audience $trust.jwt.jwksUri | compact | len -}}
{{- if and (gt $jwt 0) (lt $jwt 3) -}}
{{- $faults = append $faults "headerAuth.trust.jwt needs all of issuer, audience and jwksUri" -}}
{{- end -}}
{{- if and (eq $jwt 3) (not $header.jwt.header) -}}
{{- $faults = append $faults "headerAuth.trust.jwt needs headerAuth.jwt.header" -}}
{{- end -}}
{{- if and $header.jwt.header (eq $jwt 0) -}}
{{- $faults = append $faults "headerAuth.jwt.header needs headerAuth.trust.jwt (issuer, audience, jwksUri), so that the token's signature can be checked" -}}
{{- end -}}
{{- if and $trust.sharedSecret.existingSecret (not $trust.sharedSecret.header) -}}
{{- $faults = append $faults "headerAuth.trust.sharedSecret needs headerAuth.trust.sharedSecret.header" -}}
{{- end -}}
{{- end -}}
{{- if and $v.authProxy.enabled (not $v.authProxy.container.image) -}}
{{- $faults = append $faults "authProxy.enabled needs authProxy.container.image" -}}
{{- end -}}
{{- if and $v.authProxy.enabled (has ($v.authProxy.port | int) (list 8080 8081 9090)) -}}
{{- $faults = append $faults "authProxy.port must not be 8080, 8081 or 9090: the control plane listens there" -}}
{{- end -}}
{{- $faults | toJson -}}
{{- end -}}

{{- define "berth.validate.data" -}}
{{- $v := .Values -}}
{{- $faults := list -}}
{{- if not (or $v.postgresql.enabled $v.externalDatabase.existingSecret) -}}
{{- $faults = append $faults "there is no database: set externalDatabase.existingSecret, or postgresql.enabled=true" -}}
{{- end -}}
{{- if and $v.externalDatabase.existingSecretEnv (not $v.externalDatabase.existingSecret) -}}
{{- $faults = append $faults "externalDatabase.existingSecretEnv needs externalDatabase.existingSecret" -}}
{{- end -}}
{{- if and $v.postgresql.auth.password $v.postgresql.auth.existingSecret -}}
{{- $faults = append $faults "postgresql.auth.password and postgresql.auth.existingSecret: set one of them" -}}
{{- end -}}
{{- if and $v.postgresql.auth.password $v.externalSecrets.enabled -}}
{{- $faults = append $faults "postgresql.auth.password and externalSecrets.enabled: the password can come from one of them only" -}}
{{- end -}}
{{- if and $v.encryption.keys $v.encryption.existingSecret -}}
{{- $faults = append $faults "encryption.keys and encryption.existingSecret: set one of them" -}}
{{- end -}}
{{- if regexMatch "^/(tmp|dev|etc|proc|sys)/" (clean $v.postgresql.dataDirectory) -}}
{{- $faults = append $faults (printf "postgresql.dataDirectory: %s is in a place that has files of its own; choose one as /var/lib/berth-postgresql/data" $v.postgresql.dataDirectory) -}}
{{- end -}}
{{- if $v.externalSecrets.enabled -}}
{{- $store := $v.externalSecrets.store -}}
{{- if and (not $store.name) (or $store.path $store.keys $store.extraData) -}}
{{- $faults = append $faults "externalSecrets.store.path, keys and extraData need externalSecrets.store.name" -}}
{{- end -}}
{{- if $store.name -}}
{{- $read := keys (include "berth.storeSecrets" . | fromJson) | sortAlpha -}}
{{- range $secret, $_ := $store.keys -}}
{{- if not (has $secret $read) -}}
{{- $faults = append $faults (printf "externalSecrets.store.keys: %q is not read from the store; Secrets that are: [%s]" $secret (join ", " $read)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $generator := $v.externalSecrets.generator -}}
{{- if gt (add $generator.digits $generator.symbols) ($generator.length | int64) -}}
{{- $faults = append $faults "externalSecrets.generator: digits and symbols are more than length" -}}
{{- end -}}
{{- else if $v.externalSecrets.store.name -}}
{{- $faults = append $faults "externalSecrets.store.name needs externalSecrets.enabled=true" -}}
{{- end -}}
{{- if and $v.roleEnvFiles.enabled (not $v.roleEnvFiles.files) -}}
{{- $faults = append $faults "roleEnvFiles.enabled needs roleEnvFiles.files" -}}
{{- end -}}
{{- range $v.roleEnvFiles.selectable -}}
{{- if not (hasKey $v.roleEnvFiles.files .) -}}
{{- $faults = append $faults (printf "roleEnvFiles.selectable: %q is not in roleEnvFiles.files" .) -}}
{{- end -}}
{{- end -}}
{{- if and $v.github.app.id (not (and $v.github.app.clientId $v.github.app.existingSecret)) -}}
{{- $faults = append $faults "github.app.id needs github.app.clientId and github.app.existingSecret" -}}
{{- end -}}
{{- $faults | toJson -}}
{{- end -}}
