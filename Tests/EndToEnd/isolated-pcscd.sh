#!/usr/bin/env bash
# Runs a command beside a pcscd of its own, with virtual readers, in private mount and network namespaces:
# two runs side by side do not meet, and the virtual readers' ports are open to nobody else.
#
# Usage: isolated-pcscd.sh [--readers N] [--bare] COMMAND…
#   --readers N   blocks of two readers each, at ports 35963, 35964 and so on (1…8; default 1)
#   --bare        do not start pcscd: the command does it
# The command finds in PCSCD the command line that starts the daemon with the configuration folder as its last
# word, a file for each block of readers in it, and in PCSCD_LOG the daemon's log.
set -euo pipefail

readers=1
bare=
while [ $# -gt 0 ]; do
    case "$1" in
        --readers) readers=$2; shift 2 ;;
        --bare) bare=1; shift ;;
        *) break ;;
    esac
done

fail() { echo "isolated-pcscd: $1" >&2; exit 1; }
driver=/usr/lib/pcsc/drivers/serial/libifdvpcd.so
[ $# -gt 0 ] || fail "no command"
[ -r "$driver" ] || fail "the virtual reader is missing: install vsmartcard-vpcd"
for tool in pcscd unshare ip clang; do command -v "$tool" >/dev/null || fail "$tool is missing"; done
unshare --mount --net true 2>/dev/null || fail "no private namespaces here: run as root"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/conf"
clang -shared -fPIC -O1 $(pkg-config --cflags libpcsclite) -o "$work/wrapped.so" "$(dirname "$0")/wrapped_reader.c" ||
    fail "the wrapped reader does not build: install libpcsclite-dev"
port=35963
for number in $(seq "$readers"); do
    # Two blocks on one library hang pcscd: each has its own copy, wrapped.
    cp -L "$driver" "$work/reader$number.real"
    cp "$work/wrapped.so" "$work/reader$number.so"
    cat >"$work/conf/vpcd$number" <<CONF
FRIENDLYNAME "Virtual PCD $number"
DEVICENAME   /dev/null:$(printf '0x%X' "$port")
LIBPATH      $work/reader$number.so
CHANNELID    $(printf '0x%X' "$port")
CONF
    port=$((port + 2))
done

export PCSCD="pcscd --foreground"
# polkit would have to be asked over a bus that is not there.
pcscd --help 2>&1 | grep -q -- --disable-polkit && PCSCD+=" --disable-polkit"
PCSCD+=" --config $work/conf"
export PCSCD_LOG=${PCSCD_LOG:-$work/log}
export BARE=$bare

unshare --mount --net --propagation private bash -c '
    ip link set lo up
    mkdir -p /run/pcscd
    mount -t tmpfs tmpfs /run/pcscd
    if [ -z "$BARE" ]; then
        $PCSCD >"$PCSCD_LOG" 2>&1 &
        daemon=$!
        trap "kill $daemon 2>/dev/null; wait $daemon 2>/dev/null || true" EXIT
        for _ in $(seq 100); do [ -S /run/pcscd/pcscd.comm ] && break; sleep 0.05; done
        [ -S /run/pcscd/pcscd.comm ] || { echo "isolated-pcscd: pcscd does not start" >&2; exit 1; }
    fi
    "$@"' isolated "$@"
