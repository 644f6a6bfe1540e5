#!/bin/sh
# Prepares the workspace once, then stays: Kubernetes would start a container again that ends. The shell that waits needs
# a fiftieth of the memory of the program that prepares.
trap 'exit 0' TERM INT
node /app/init.mjs &
wait $! || exit
sleep infinity &
wait
