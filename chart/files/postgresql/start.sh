#!/bin/sh
# Starts PostgreSQL in any image that has a shell and its binaries (14 or later), on PATH or under /usr/lib/postgresql.
# Reads PGDATA, APP_USER, APP_PASSWORD, APP_DATABASE and ADMIN_PASSWORD; its arguments go to the server.
# Passwords come from the environment and are applied at every start, so that a changed Secret works after a restart.
set -eu

if ! command -v postgres >/dev/null 2>&1; then
  for directory in /usr/lib/postgresql/*/bin; do PATH=$directory:$PATH; done
  export PATH
fi
command -v postgres >/dev/null 2>&1 || { echo "no PostgreSQL in this image: set postgresql.image" >&2; exit 78; }

# Everything below happens on a socket that nobody else can reach; the server that clients see starts last.
private=$(mktemp -d /tmp/init.XXXXXX)
unset PGHOST PGPORT

# initdb wants its user to have a name; a platform that gives out ids has none for it.
if ! id -un >/dev/null 2>&1; then
  for library in /usr/lib/*/libnss_wrapper.so /usr/lib/libnss_wrapper.so; do
    [ -e "$library" ] || continue
    export NSS_WRAPPER_PASSWD=$private/passwd NSS_WRAPPER_GROUP=$private/group LD_PRELOAD=$library
    echo "postgres:x:$(id -u):$(id -g):PostgreSQL:/tmp:/bin/false" >"$NSS_WRAPPER_PASSWD"
    echo "postgres:x:$(id -g):" >"$NSS_WRAPPER_GROUP"
  done
  if [ -z "${NSS_WRAPPER_PASSWD:-}" ]; then
    echo "user id $(id -u) has no name in this image, and it has no libnss_wrapper: initdb will refuse. Set" \
      "postgresql.podSecurityContext.runAsUser to an id that the image knows, or use another postgresql.image" >&2
  fi
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  # Made beside and renamed: a start that is cut off leaves nothing half made.
  rm -rf "$PGDATA.new"
  initdb -D "$PGDATA.new" -U postgres -E UTF8 --locale=C --auth=reject --no-instructions
  rm -rf "$PGDATA"
  mv "$PGDATA.new" "$PGDATA"
fi
# A volume with an fsGroup comes back writable for the group, and PostgreSQL refuses such a directory.
chmod 0700 "$PGDATA"
binaries=$(postgres -V | sed 's/[^0-9]*\([0-9]*\).*/\1/')
data=$(cat "$PGDATA/PG_VERSION")
if [ "$binaries" != "$data" ]; then
  echo "the data were written by PostgreSQL $data, this image has $binaries: set postgresql.image.tag back, or dump and restore" >&2
  exit 78
fi

echo "local all all trust" >"$private/hba"
pg_ctl -D "$PGDATA" -w -t 600 -s start \
  -o "-c listen_addresses='' -c unix_socket_directories=$private -c hba_file=$private/hba -c logging_collector=off"
psql -h "$private" -U postgres -d postgres -v ON_ERROR_STOP=1 -X -q <<'SQL'
\getenv admin_password ADMIN_PASSWORD
\getenv app_user APP_USER
\getenv app_password APP_PASSWORD
\getenv app_database APP_DATABASE
SET password_encryption = 'scram-sha-256';
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
ALTER ROLE postgres PASSWORD :'admin_password';
SELECT format('CREATE ROLE %I LOGIN', :'app_user')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'app_user') \gexec
SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', :'app_user', :'app_password')
  WHERE :'app_user' <> 'postgres' \gexec
SELECT format('CREATE DATABASE %I OWNER %I', :'app_database', :'app_user')
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'app_database') \gexec
SQL
pg_ctl -D "$PGDATA" -w -s -m fast stop
rm -f "$private/hba"
unset ADMIN_PASSWORD APP_PASSWORD

exec postgres -D "$PGDATA" -c listen_addresses='*' -c port=5432 -c unix_socket_directories=/tmp \
  -c hba_file=/etc/berth/postgresql/pg_hba.conf -c logging_collector=off -c log_destination=stderr "$@"
