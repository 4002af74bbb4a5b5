#!/usr/bin/env bash
# Starts a registry with large real images for the tests and the benchmark, where a script for that is at hand.
#
#   scripts/test-peers.sh
#
# LAMINA_TEST_REGISTRY   where the registry is, or will be (127.0.0.1:5000)
# LAMINA_PEERS           a script that builds the images and serves them there; none by default
#
# Exit 0 when the registry answers at the end, 1 when it does not; tests that want it are then skipped.
set -euo pipefail
cd "$(dirname "$0")/.."
registry=${LAMINA_TEST_REGISTRY:-127.0.0.1:5000}
peers=${LAMINA_PEERS:-}

answers() { curl -fs -m 5 -o /dev/null "http://$registry/v2/"; }

# On a host with both cgroup versions, crun and runc insist that every controller stands in version 1.
# The file is read and not tested for its size: the kernel gives 0 as the size of what it makes when read.
free_controllers() {
  local controllers controller directory
  controllers=$(cat /sys/fs/cgroup/unified/cgroup.controllers 2>/dev/null) || return 0
  for controller in $controllers; do
    directory=/sys/fs/cgroup/$controller
    mkdir -p "$directory" && mount -t cgroup -o "$controller" cgroup "$directory" ||
      echo "test-peers: could not mount cgroup $controller" >&2
  done
}

if answers; then exit 0; fi
if [ ! -x "$peers" ] || [ "$(id -u)" -ne 0 ]; then
  echo "test-peers: no registry at $registry, and nothing to start one with; its tests will be skipped" >&2
  exit 1
fi
free_controllers
PORT=${registry##*:} timeout --kill-after=10 480 "$peers" </dev/null >&2 || echo "test-peers: $peers did not finish" >&2
answers || exit 1
