#!/usr/bin/env bash
# Installs the Debian packages that the tests compare Lamina with or stand on. Lamina itself needs none of them.
#
#   scripts/system-packages.sh           install what is missing (root)
#   scripts/system-packages.sh --check   name what is missing; exit 1 where something is
set -euo pipefail

packages=(
  busybox-static    # a root file system of one file, for small real images
  cpio              # the judge of what a virtual machine's kernel unpacks
  dbus-daemon       # the bus on which firewalld is asked
  docker-registry   # a real registry to pull from
  firewalld         # a firewall of others that networks have to work beside
  fonts-dejavu-core # letters for pictures of the screen
  fuse-overlayfs    # what stands in for overlay where an ordinary user may not mount it
  iproute2          # looking at a container's network from outside
  nftables          # looking at rules that the engine sets
  passt             # the other way: pasta
  postgresql-client # psql, a real client of databases in containers
  qemu-system-x86   # starts a lab image as a virtual machine
  skopeo            # copies images between registries and directories
  slirp4netns       # the way to the outside for networks of ordinary users
  strace            # kills processes of ours at a chosen call
  uidmap            # newuidmap and newgidmap, for running without root
  umoci             # unpacks images; the judge of our own unpacking
)

# A kernel for that machine, where this one has none of its own to start in it: installed beside one that
# boots this machine, it might be what the next boot takes.
if ! compgen -G '/boot/vmlinuz-*' >/dev/null; then packages+=(linux-image-cloud-amd64); fi

missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done

if [ "${#missing[@]}" -eq 0 ]; then exit 0; fi
if [ "${1:-}" = --check ]; then
  printf '%s\n' "${missing[@]}"
  exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "root is needed to install: ${missing[*]}; run: sudo scripts/system-packages.sh" >&2
  exit 1
fi

# Nothing may start by being installed: the registry's package would open port 5000 to everybody.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
  trap 'rm -f "$policy"' EXIT
fi

log=$(mktemp)
# INITRD=No: nothing boots from the kernel's own first file system, and making it takes longer than all else.
if ! { apt-get update -qq && INITRD=No DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
  cat "$log" >&2
  echo "could not install: ${missing[*]}" >&2
  exit 1
fi
rm -f "$log"
