#!/bin/sh
# Starts OpenCode for a session, once workspace-init has prepared everything it reads: the containers start together.
set -eu

workspace=${BERTH_WORKSPACE:-/workspace}
config=${BERTH_AGENT_CONFIG:-/etc/berth/agent}
operator_helpers=${BERTH_AUTH_HELPERS:-/opt/berth/auth-helpers}
secret=${BERTH_AUTH_SECRET:-/var/run/berth/auth-secret}

# workspace-init has its own ways to tell why it takes long or cannot.
until [ -f "$config/prepared" ]; do sleep 0.05; done

# First, so that nothing in it replaces what is set below.
if [ -f "$config/environment" ]; then . "$config/environment"; fi

cd "$workspace/repo"

# On a full volume OpenCode does not start: the file that is kept back for this gives it 8 MiB and more, so that the agent
# or a person can delete something. workspace-init makes it again once there is room.
set -- $(stat -f -c '%a %S' "$workspace" 2>/dev/null)
if [ $# -eq 2 ] && [ "$(($1 * $2 / 1048576))" -lt 8 ]; then
  rm -rf "$workspace/.state/reserve"
  echo "berth: the session's volume is full; the reserve is given back" >&2
fi

# The whole state on the session's volume, so that a conversation goes on after a restart.
export XDG_DATA_HOME="$workspace/.state/data" XDG_STATE_HOME="$workspace/.state/state"
export XDG_CACHE_HOME="${TMPDIR:-/tmp}/cache" XDG_CONFIG_HOME="$config"
mkdir -p "$XDG_DATA_HOME" "$XDG_STATE_HOME" "$XDG_CACHE_HOME"

# Nothing is fetched at start, and a cloned repository's configuration (which may hold code) is not read.
export OPENCODE_DISABLE_MODELS_FETCH=1 OPENCODE_DISABLE_AUTOUPDATE=1 OPENCODE_DISABLE_LSP_DOWNLOAD=1
export OPENCODE_DISABLE_DEFAULT_PLUGINS=1 OPENCODE_DISABLE_PROJECT_CONFIG=1 OPENCODE_DISABLE_CLAUDE_CODE=1
export OPENCODE_DISABLE_EXTERNAL_SKILLS=1 OPENCODE_DISABLE_SHARE=1
export GIT_CONFIG_GLOBAL="$config/gitconfig" GIT_TERMINAL_PROMPT=0

OPENCODE_SERVER_PASSWORD=$(cat "$secret/password")
export OPENCODE_SERVER_PASSWORD

# The names of the helpers that PATH shows, one a line, sorted, each once. Kubernetes' own `..data` links are hidden.
list_helpers() {
  for file in "$PWD/.berth/auth-helpers"/* "$operator_helpers"/*; do
    [ -f "$file" ] || continue
    name=${file##*/}
    case $name in
      # A cloned repository may hold any name.
      *[[:cntrl:]]*) name=$(printf '%s' "$name" | tr '[:cntrl:]' '?') ;;
    esac
    printf '%s\n' "$name"
  done | LC_ALL=C sort -u
}

settings_present=false
if [ -f "$PWD/.berth/user-settings.json" ]; then settings_present=true; fi
helpers=$(list_helpers)
listed=$(printf '%s' "${helpers:-none}" | tr '\n' ',')
printf 'berth: user-settings.json present=%s; auth-helpers=[%s]\n' "$settings_present" "$listed" >&2

# Tells the control plane what is listed; in the background, because the agent does not depend on it. Names that would
# need quoting in JSON are left out.
report_helpers() {
  names=$(printf '%s\n' "$helpers" | grep -E '^[A-Za-z0-9._-]+$' | sed 's/.*/"&"/' | tr '\n' ',')
  printf '{"source":"agent","helpers":{"settingsPresent":%s,"names":[%s]}}' "$settings_present" "${names%,}" |
    curl --silent --output /dev/null --max-time 10 --retry 3 --retry-connrefused \
      --header 'content-type: application/json' --data-binary @- "${BERTH_SIDECAR_URL:-http://127.0.0.1:7070}/v1/report"
}
report_helpers >/dev/null 2>&1 </dev/null &

# A helper of the workspace is found before the operator's of the same name, by what the agent runs. What is run here is
# the image's own, whatever a cloned repository holds in that folder.
opencode=$(command -v opencode)
export PATH="${PWD}/.berth/auth-helpers:${operator_helpers}:${PATH}"
exec "$opencode" serve --hostname 0.0.0.0 --port 4096 --print-logs
