#!/usr/bin/env bash
# sanitize.sh address|thread: plugin host, placement, store and server, as tests and as processes under load. Every report
# of every process is collected; one is a failure.
set -euo pipefail
cd "$(dirname "$0")/../.."
sanitizer=$1
build=.build-$sanitizer
reports=$PWD/$build/reports
rm -rf "$reports"
mkdir -p "$reports"

swift build --build-tests --sanitize="$sanitizer" --scratch-path "$build"

# Some tests want to see a strategy crash, and what becomes of it.
common="log_path=$reports/report:handle_segv=0:handle_sigbus=0:handle_abort=0:handle_sigill=0:handle_sigfpe=0"
case $sanitizer in
  # Leaks of strategies are looked for in Tests/PluginTests; what Swift's runtime keeps until the end is not one.
  address) export ASAN_OPTIONS="detect_leaks=0:$common" ;;
  thread)
    clang=$(dirname "$(readlink -f "$(command -v swiftc)")")/clang
    "$clang" -O1 -Wall -Werror -shared -fPIC Tests/Sanitize/mutex.c -o "$build/mutex.so"
    export TSAN_OPTIONS="exitcode=0:$common"
    preload=$PWD/$build/mutex.so
    ;;
  *) echo "the sanitizer must be address or thread" >&2 && exit 2 ;;
esac
export SWIFT_BACKTRACE=enable=no

# Runs a command; then there must be no report.
watched() {
  local status=0
  LD_PRELOAD=${preload:-} "$@" || status=$?
  if compgen -G "$reports/*" >/dev/null; then
    cat "$reports"/*
    echo "the $sanitizer sanitizer reports: $*" >&2
    exit 1
  fi
  return $status
}

# `aBadPluginIsRefused` looks at how the child ends that opens a strategy first; to that child, which gets no environment,
# the options above are unknown.
watched swift test --skip-build --sanitize="$sanitizer" --scratch-path "$build" --no-parallel \
  --filter '^(PluginHostTests|PlacementTests|StorageTests|ServerTests)\.' --skip aBadPluginIsRefused
watched python3 Tests/Sanitize/load.py "$build/debug"
echo "the $sanitizer sanitizer has nothing to report"
