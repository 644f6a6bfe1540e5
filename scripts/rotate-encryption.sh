#!/usr/bin/env bash
# Seals everything that an installation has stored anew under the first key of its encryption ring, while it runs.
#
#   BERTH_API_TOKEN=… scripts/rotate-encryption.sh https://agents.example.com
#
# The token needs the scope encryption:admin (Settings, API tokens, as an administrator). It may be cut off and run
# again: it goes on where it was. Before it, put the new key in front of the ring and restart the control plane
# (scripts/k8s-bootstrap.sh --apply --rotate berth-encryption).
set -euo pipefail

usage() { sed -n '2,8s/^# \{0,1\}//p' "$0"; }
die() {
  printf 'ERROR: %s\n' "$2" >&2
  exit "$1"
}

case ${1:-} in
  -h | --help) usage; exit 0 ;;
  http://* | https://*) ;;
  *) usage >&2; exit 2 ;;
esac
[[ $# -eq 1 ]] || die 2 "one address is all that is taken"
[[ -n ${BERTH_API_TOKEN:-} ]] || die 2 "BERTH_API_TOKEN is not set"
[[ $BERTH_API_TOKEN =~ ^[A-Za-z0-9._~-]+$ ]] || die 2 "BERTH_API_TOKEN is not an API token"

# The token goes through a pipe: arguments of a process can be seen by others.
answer=$(
  printf 'header = "Authorization: Bearer %s"\n' "$BERTH_API_TOKEN" |
    curl --config - --silent --show-error --request POST --max-time 3600 --write-out '\n%{http_code}' \
      "${1%/}/api/admin/rotate-encryption"
) || die 1 "$1 cannot be reached"
status=${answer##*$'\n'} body=${answer%$'\n'*}

number() { grep -o "\"$1\":[0-9]*" <<<"$body" | cut -d: -f2; }
if [[ $status != 200 ]]; then
  message=$(sed -n 's/.*"message":"\([^"]*\)".*/\1/p' <<<"$body")
  die 1 "HTTP $status: ${message:-no Berth answers there}"
fi
retired=$(sed -n 's/.*"retired":\[\([^]]*\)\].*/\1/p' <<<"$body" | tr -d '"')
printf '%s values are sealed anew\n' "$(number resealed)"
if [[ -n $retired ]]; then printf 'nothing is sealed under these keys any more: %s\n' "$retired"; fi
failed=$(number failed)
[[ $failed == 0 ]] || die 1 "$failed values could not be opened and stay as they were; the control plane's log names them"
