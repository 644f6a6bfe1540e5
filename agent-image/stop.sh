#!/bin/sh
# Ends the running turn in order before the container is stopped: on SIGTERM alone OpenCode loses the text in flight.
# The password goes through a pipe, so that it is in no argument list. Never fails, never takes longer than 5 s.
secret=${BERTH_AUTH_SECRET:-/var/run/berth/auth-secret}
password=$(sed 's/[\\"]/\\&/g' "$secret/password" 2>/dev/null)
printf 'user = "opencode:%s"\n' "$password" |
  curl --silent --output /dev/null --max-time 5 --request POST --config - http://127.0.0.1:4096/global/dispose
exit 0
