"""What makes an ordinary user live on a machine: files of /etc and a device, bound over for him alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

USER, UID, FIRST_ID, IDS = "laminatest", 12345, 600000, 65536
# The interpreter may lie in root's home, where an ordinary user sees nothing: it alone is shown there.
BINDS = r"""
set -e
etc=$1 python=$2; shift 2
for name in passwd group subuid subgid; do mount --bind "$etc/$name" "/etc/$name"; done
[ ! -e "$etc/resolv.conf" ] || mount --bind "$etc/resolv.conf" /etc/resolv.conf
[ ! -e "$etc/tun" ] || mount --bind "$etc/tun" /dev/net/tun
case $python in
/root/*)
  mkdir -p "$etc/python"; mount --bind "$python" "$etc/python"
  mount -t tmpfs -o mode=755 tmpfs /root
  mkdir -p "$python"; mount --bind "$etc/python" "$python"; umount "$etc/python";;
esac
"""
"""A script of sh(1), for a mount namespace of its own: its words are the directory of the files, that of the
interpreter, and what it hands on as its own."""


def write_files(etc: Path, subordinate: bool) -> None:
    """Write the files that the script binds. :param subordinate: whether the user has ids beside his own."""
    etc.mkdir()
    for name, line in (("passwd", f"{USER}:x:{UID}:{UID}::/:/bin/sh"), ("group", f"{USER}:x:{UID}:")):
        (etc / name).write_text(Path("/etc", name).read_text("utf-8") + line + "\n", "utf-8")
    if Path("/dev/net/tun").exists():  # which machines of users have open to everybody: udev(7)
        os.mknod(etc / "tun", 0o666 | stat.S_IFCHR, os.stat("/dev/net/tun").st_rdev)
        (etc / "tun").chmod(0o666)
    for name in ("subuid", "subgid"):
        (etc / name).write_text(f"{USER}:{FIRST_ID}:{IDS}\n" if subordinate else "", "utf-8")
