#!/bin/sh
# Prepares the workspace once, then stays: Kubernetes would start a container again that ends. The shell that waits needs
# a fiftieth of the memory of the program that prepares. While it waits it looks how full the session's volume is, and
# lets the program tell whenever that has changed by much.
trap 'exit 0' TERM INT
workspace=${BERTH_WORKSPACE:-/workspace}

# Free and all blocks in twentieths, and whether there is less than 8 MiB: what has to be told when it changes.
fill_of() {
  set -- $(stat -f -c '%a %b %S' "$workspace" 2>/dev/null)
  [ $# -eq 3 ] && [ "$2" -gt 0 ] && echo "$(($1 * 20 / $2)) $(($1 * $3 / 8388608 > 0))"
}

node /app/init.mjs &
wait $! || exit
told=$(fill_of)
while :; do
  sleep "${BERTH_VOLUME_LOOK_S:-15}" &
  wait $!
  now=$(fill_of)
  [ "$now" = "$told" ] && continue
  node /app/init.mjs volume &
  wait $! && told=$(fill_of)
done
