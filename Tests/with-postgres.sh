#!/bin/bash
# Runs a command with a private, throw-away PostgreSQL: Tests/with-postgres.sh swift test
# The server listens on a unix socket in a temporary directory only; both are removed at the end.
set -euo pipefail

if [ $# -eq 0 ]; then
    echo "usage: $0 command [argument ...]" >&2
    exit 64
fi

binaries=${PROFBILET_POSTGRES_BIN:-$(pg_config --bindir 2>/dev/null || true)}
if [ ! -x "$binaries/initdb" ]; then
    binaries=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
fi
if [ ! -x "$binaries/initdb" ]; then
    echo "$0: no PostgreSQL server found: apt-get install postgresql" >&2
    exit 69
fi

# The server refuses to run as root.
server() {
    if [ "$(id -u)" -eq 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

directory=$(mktemp -d "${TMPDIR:-/tmp}/postgres-XXXXXX")
finish() {
    if [ -e "$directory/data/postmaster.pid" ]; then
        server "$binaries/pg_ctl" -D "$directory/data" -m immediate -w stop >/dev/null || true
    fi
    rm -rf "$directory"
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
if [ "$(id -u)" -eq 0 ]; then chown postgres "$directory"; fi
cd "$directory"

server "$binaries/initdb" -D "$directory/data" -U profbilet -A trust -E UTF8 --locale=C.UTF-8 \
    >"$directory/initdb.log" 2>&1 || { cat "$directory/initdb.log" >&2; exit 70; }
server "$binaries/pg_ctl" -D "$directory/data" -l "$directory/data/server.log" -w start -o \
    "-c listen_addresses= -c unix_socket_directories=$directory -c fsync=off \
     -c synchronous_commit=off -c full_page_writes=off -c max_connections=100" \
    >/dev/null || { cat "$directory/data/server.log" >&2; exit 70; }

cd "$OLDPWD"
export PROFBILET_TEST_POSTGRES="host=$directory user=profbilet dbname=postgres"
status=0
"$@" || status=$?
exit "$status"
