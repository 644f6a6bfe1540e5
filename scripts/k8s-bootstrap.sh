#!/usr/bin/env bash
# Makes the Secrets that Berth's chart expects, for clusters without a secret manager.
#
#   scripts/k8s-bootstrap.sh                         dry run: prints what it would do, writes nothing
#   scripts/k8s-bootstrap.sh --apply -n NAMESPACE    creates what is missing; what is there stays as it is
#
#   --apply               create the Secrets
#   -n, --namespace NS    namespace of the release (default: berth)
#   --create-namespace    create the namespace when it is missing
#   --release NAME        release name; Secrets are named after it (default: berth)
#   --rotate NAME         give one Secret of those below fresh values (with --apply). Keys that the environment does not
#                         hold stay as they are. Not <release>-admin: it is read once, when the account is made
#   --context NAME        kubectl context (default: the current one)
#   -h, --help            this text
#
# Made from random values: better-auth, <release>-encryption, <release>-postgresql, <release>-admin.
# Made from the environment, when it is set:
#   berth-db              DATABASE_URL
#   sso-oidc              OIDC_CLIENT_SECRET
#   berth-provider-keys   BERTH_PROVIDER_KEY_<ID>, one key per provider (BERTH_PROVIDER_KEY_ANTHROPIC: key "anthropic";
#                         __ stands for "-": BERTH_PROVIDER_KEY_AMAZON__BEDROCK: key "amazon-bedrock")
#   berth-git             GITHUB_TOKEN
#   berth-api-keys        API_KEYS
#
# Random values are kept in scripts/.k8s-tokens (readable by you alone, ignored by git), so that a second run and a second
# cluster get the same ones. No value is ever on a command line. The broker's certificate is made by the chart's own Job.
set -euo pipefail

SELF=${BASH_SOURCE[0]}
TOKENS=${BERTH_TOKENS_FILE:-$(cd "$(dirname "$SELF")" && pwd)/.k8s-tokens}
NAMESPACE=berth RELEASE=berth APPLY=false CREATE_NAMESPACE=false ROTATE="" CONTEXT=""
FAILED=0

usage() { sed -n '2,/^set -euo/{/^set -euo/!s/^# \{0,1\}//p}' "$SELF"; }
say() { printf '[k8s-bootstrap] %s\n' "$*"; }
die() { printf 'ERROR: %s\n' "$2" >&2; exit "$1"; }
value_of() { [[ $# -ge 2 && -n $2 ]] || die 2 "$1 needs a value"; printf '%s' "$2"; }

while [[ $# -gt 0 ]]; do
  case $1 in
    --apply) APPLY=true; shift ;;
    --create-namespace) CREATE_NAMESPACE=true; shift ;;
    -n | --namespace) NAMESPACE=$(value_of "$@"); shift 2 ;;
    --release) RELEASE=$(value_of "$@"); shift 2 ;;
    --rotate) ROTATE=$(value_of "$@"); shift 2 ;;
    --context) CONTEXT=$(value_of "$@"); shift 2 ;;
    -h | --help) usage; exit 0 ;;
    *) die 2 "unknown argument: $1 (see --help)" ;;
  esac
done
NAME='^[a-z0-9]([-a-z0-9]*[a-z0-9])?$'
[[ $NAMESPACE =~ $NAME && ${#NAMESPACE} -le 63 ]] || die 2 "not a namespace: $NAMESPACE"
[[ $RELEASE =~ $NAME && ${#RELEASE} -le 53 ]] || die 2 "not a release name: $RELEASE"

# The chart's fullname (berth.fullname): a release that is not called after the chart gets the chart's name behind it, and
# one that is too long is cut and hashed.
FULLNAME=$RELEASE
[[ $RELEASE == *berth* ]] || FULLNAME=$RELEASE-berth
if [[ ${#FULLNAME} -gt 39 ]]; then
  cut=${FULLNAME:0:30}
  FULLNAME=${cut%-}-$(printf %s "$FULLNAME" | sha256sum | cut -c1-8)
fi

command -v openssl >/dev/null || die 1 "openssl is required to generate random values"
kube() { kubectl ${CONTEXT:+--context "$CONTEXT"} "$@"; }
if $APPLY; then command -v kubectl >/dev/null || die 1 "kubectl is required for --apply"; fi

# --- the Secrets: name, then for each key how its value is found ------------------------------------------------------
# random:TOKEN    a random value kept in the tokens file     text:VALUE   not secret     env:VARIABLE   from the environment
SECRETS=(
  "better-auth secret=random:COOKIE_SECRET"
  "$FULLNAME-encryption keys=random:ENCRYPTION_KEY"
  "$FULLNAME-postgresql postgres-password=random:POSTGRES_PASSWORD password=random:POSTGRES_USER_PASSWORD"
  "$FULLNAME-admin email=text:${BERTH_ADMIN_EMAIL:-admin@berth.local} password=random:ADMIN_PASSWORD"
  "berth-db DATABASE_URL=env:DATABASE_URL"
  "sso-oidc clientSecret=env:OIDC_CLIENT_SECRET"
  "berth-git token=env:GITHUB_TOKEN"
  "berth-api-keys API_KEYS=env:API_KEYS"
)
provider_keys=""
for variable in $(compgen -e | grep '^BERTH_PROVIDER_KEY_' | sort || true); do
  id=${variable#BERTH_PROVIDER_KEY_}
  id=${id//__/-}
  provider_keys+=" ${id,,}=env:$variable"
done
SECRETS+=("berth-provider-keys${provider_keys:- =env:BERTH_PROVIDER_KEY_<ID>}")

if [[ -n $ROTATE ]]; then
  found=false
  for entry in "${SECRETS[@]}"; do if [[ ${entry%% *} == "$ROTATE" ]]; then found=true; fi; done
  $found || die 2 "--rotate $ROTATE: no such Secret; one of: $(printf '%s\n' "${SECRETS[@]}" | cut -d' ' -f1 | grep -vx "$FULLNAME-admin" | paste -sd' ')"
  [[ $ROTATE != "$FULLNAME-admin" ]] || die 2 "--rotate $ROTATE would change no password: the Secret is read once, when the account is made. The administrator changes the password in the web UI (Settings), or another one resets it (Administration, Users)"
fi

# --- random values --------------------------------------------------------------------------------------------------
declare -A TOKEN=()
random() {
  case $1 in
    ENCRYPTION_KEY) openssl rand -base64 32 ;;
    *) openssl rand -hex 24 ;;
  esac
}
load_tokens() {
  local line
  # Not split by read: it would eat the "=" that base64 ends with.
  while read -r line; do
    if [[ $line == *=* ]]; then TOKEN[${line%%=*}]=${line#*=}; fi
  done <"$TOKENS"
}
# Written beside and renamed, and nobody else's to read from its first byte.
save_tokens() {
  local name temporary
  temporary=$(umask 077 && mktemp "$TOKENS.XXXXXX")
  for name in $(printf '%s\n' "${!TOKEN[@]}" | sort); do printf '%s=%s\n' "$name" "${TOKEN[$name]}"; done >"$temporary"
  mv "$temporary" "$TOKENS"
}
token() {
  if [[ -z ${TOKEN[$1]:-} ]]; then
    TOKEN[$1]=$(random "$1")
    save_tokens
  fi
}

# --- what is done with one Secret -------------------------------------------------------------------------------------
# The manifest goes through a pipe; printf is a shell builtin, so no value becomes an argument of a process.
manifest() {
  local name=$1
  shift
  printf 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: %s\n  namespace: %s\ntype: Opaque\n' "$name" "$NAMESPACE"
  data_of "$@"
}
data_of() {
  local pair key source value
  printf 'data:\n'
  for pair in "$@"; do
    key=${pair%%=*} source=${pair#*=}
    case $source in
      random:*) value=${TOKEN[${source#random:}]} ;;
      text:*) value=${source#text:} ;;
      env:*) source=${source#env:}; value=${!source} ;;
    esac
    printf '  %s: %s\n' "$key" "$(printf %s "$value" | base64 | tr -d '\n')"
  done
}
unset_variable() {
  local pair variable
  for pair in "$@"; do
    if [[ ${pair#*=} == env:* ]]; then
      variable=${pair#*=env:}
      if [[ $variable == *'<'* || -z ${!variable:-} ]]; then printf '%s' "$variable"; return; fi
    fi
  done
}
kept_previous_key() {
  # The ring keeps what it has: old rows stay readable. Newest first.
  kube -n "$NAMESPACE" get secret "$1" -o 'go-template={{index .data "keys" | base64decode}}'
}
create() { manifest "$@" | kube create -f -; }
# Nothing but the given keys: a Secret may hold other providers' keys, and annotations of other programs.
patch() {
  local name=$1
  shift
  data_of "$@" | kube -n "$NAMESPACE" patch secret "$name" --type=merge --patch-file=/dev/stdin
}
send() {
  local verb=$1 output
  shift
  if output=$("$verb" "$@" 2>&1); then
    printf '  [ok]   %s\n' "$1"
  else
    printf '  [fail] %s — %s\n' "$1" "$output" >&2
    FAILED=1
  fi
}
apply_one() {
  local name=$1 missing pair exists
  shift
  missing=$(unset_variable "$@")
  if ! exists=$(kube -n "$NAMESPACE" get secret "$name" --ignore-not-found -o name 2>&1); then
    printf '  [fail] %s — %s\n' "$name" "$exists" >&2
    FAILED=1
    return
  fi
  if [[ -n $exists && $name != "$ROTATE" ]]; then printf '  [skip] %s already present\n' "$name"; return; fi
  if [[ -n $missing ]]; then
    printf '  [skip] %s — %s not set in env\n' "$name" "$missing"
    [[ $name != "$ROTATE" ]] || die 1 "nothing was rotated: set $missing and run it again"
    return
  fi
  for pair in "$@"; do
    if [[ ${pair#*=} != random:* ]]; then continue; fi
    pair=${pair#*=random:}
    if [[ $name == "$ROTATE" ]]; then
      if [[ $pair == ENCRYPTION_KEY && -n $exists ]]; then
        local ring
        ring=$(kept_previous_key "$name") || { printf '  [fail] %s — cannot read the ring it has\n' "$name" >&2; FAILED=1; return; }
        TOKEN[$pair]=$(random "$pair"),${ring//$'\n'/,}
      else
        TOKEN[$pair]=$(random "$pair")
      fi
      save_tokens
    else
      token "$pair"
    fi
  done
  if [[ -n $exists ]]; then send patch "$name" "$@"; else send create "$name" "$@"; fi
}
print_one() {
  local name=$1 pair keys="" how="create -f -"
  shift
  for pair in "$@"; do keys+=" ${pair%%=*}"; done
  if [[ $name == "$ROTATE" ]]; then how="patch secret $name --type=merge --patch-file=/dev/stdin"; fi
  printf '%d. kubectl -n %s %s   # Secret %s, keys:%s\n' "$((++number))" "$NAMESPACE" "$how" "$name" "$keys"
  pair=$(unset_variable "$@")
  if [[ -n $pair ]]; then printf '   [skip] %s — %s not set in env\n' "$name" "$pair"; fi
}

# --- main -------------------------------------------------------------------------------------------------------------
printf '──── Secrets (namespace: %s, release: %s) ────\n' "$NAMESPACE" "$RELEASE"
number=0
if $CREATE_NAMESPACE; then printf '%d. kubectl create namespace %s   # when it is missing\n' "$((++number))" "$NAMESPACE"; fi
for entry in "${SECRETS[@]}"; do
  read -r -a words <<<"$entry"
  print_one "${words[@]}"
done

if ! $APPLY; then
  say "dry run: nothing was written; run again with --apply to create them"
  exit 0
fi

if [[ -e $TOKENS ]]; then
  say "$TOKENS exists: its values are used again"
  load_tokens
else
  say "fresh random values go to $TOKENS"
fi
if ! found=$(kube get namespace "$NAMESPACE" --ignore-not-found -o name); then die 1 "the cluster cannot be reached"; fi
if [[ -z $found ]]; then
  $CREATE_NAMESPACE || die 1 "namespace $NAMESPACE does not exist; add --create-namespace"
  kube create namespace "$NAMESPACE" >/dev/null
  say "namespace $NAMESPACE created"
fi
say "creating Secrets in namespace $NAMESPACE"
for entry in "${SECRETS[@]}"; do
  read -r -a words <<<"$entry"
  if [[ -z $ROTATE || ${words[0]} == "$ROTATE" ]]; then apply_one "${words[@]}"; fi
done
[[ $FAILED -eq 0 ]] || die 1 "not every Secret could be created, see above"

printf '──── Next steps ────\n'
if [[ -n $ROTATE ]]; then
  if [[ $ROTATE == "$FULLNAME-postgresql" ]]; then
    printf 'kubectl -n %s rollout restart statefulset/%s-postgresql\n' "$NAMESPACE" "$FULLNAME"
  fi
  printf 'kubectl -n %s rollout restart deployment/%s\n' "$NAMESPACE" "$FULLNAME"
else
  printf 'helm upgrade --install %s ./chart -n %s -f values.yaml --wait\n' "$RELEASE" "$NAMESPACE"
fi
