#!/bin/sh
# SIGTERM alone lets PostgreSQL wait for its clients to leave: tell it to end their connections.
if ! command -v pg_ctl >/dev/null 2>&1; then
  for directory in /usr/lib/postgresql/*/bin; do PATH=$directory:$PATH; done
fi
exec pg_ctl -D "$PGDATA" -m fast -w -t 45 stop
