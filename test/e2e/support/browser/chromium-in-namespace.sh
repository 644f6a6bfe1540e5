#!/bin/sh
# Stands in for Chromium's own program where a browser is started.
exec unshare --net -- "$BERTH_NODE" "$(dirname "$0")/enter.ts" "$@"
