# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts that build. corr2d_require PACKAGE:PROBE... sees to it that what they need is there; a probe
# is a command, a header (NAME.h), or a file (an absolute path), and the package is Debian's that holds it.
# On Debian, what is missing is installed with apt, through sudo where not root. Elsewhere it is named: exit status 3.

corr2d_build_needs=(cmake:cmake ninja-build:ninja gcc:cc libc6-dev:stdlib.h pkg-config:pkg-config
    libsimde-dev:simde/x86/avx2.h libjansson-dev:jansson.h libpthreadpool-dev:pthreadpool.h)

corr2d_has() {
    case $1 in
        /*) [ -e "$1" ] ;;
        *.h) echo "#include <$1>" | cc -E -x c - >/dev/null 2>&1 ;;
        *) command -v "$1" >/dev/null ;;
    esac
}

corr2d_on_debian() {
    grep -qsE '^ID(_LIKE)?=.*debian' /etc/os-release && command -v apt-get >/dev/null
}

corr2d_apt_install() {
    local as_root=(env)
    [ "$(id -u)" = 0 ] || as_root=(sudo)
    local apt=("${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
    "${apt[@]}" update && "${apt[@]}" install --yes --no-install-recommends "$@"
}

corr2d_require() {
    local missing=() log need
    for need in "$@"; do
        corr2d_has "${need#*:}" || missing+=("${need%%:*}")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if ! corr2d_on_debian; then
        printf 'Missing here; please install (names of the Debian packages): %s\n' "${missing[*]}" >&2
        exit 3
    fi
    echo "Installing ${missing[*]}" >&2
    log=$(mktemp)
    if ! corr2d_apt_install "${missing[@]}" >"$log" 2>&1 </dev/null; then
        cat "$log" >&2
        printf 'Could not install: %s\n' "${missing[*]}" >&2
        exit 3
    fi
    rm -f "$log"
}

# corr2d_quietly LOG COMMAND...: keeps the command's output in LOG, and shows it only if the command fails.
corr2d_quietly() {
    local log=$1
    shift
    mkdir -p "$(dirname "$log")"
    "$@" >"$log" 2>&1 </dev/null && return
    local status=$?
    cat "$log" >&2
    return $status
}
