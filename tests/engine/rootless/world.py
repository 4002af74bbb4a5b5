"""A machine on which an ordinary user lives: a mount namespace with a user, his ids and devices in it.

Nothing of the real machine changes: files of /etc are bound over in that namespace alone, and all mounts go
with its last process.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.linux.cgroups import Hierarchy
from tests.engine.network.world import entering
from tests.support.command import REPOSITORY, Finished
from tests.support.leaks import processes_of
from tests.support.waiting import eventually

USER, UID, FIRST_ID, IDS = "laminatest", 12345, 600000, 65536
_PROGRAMS = ("unshare", "setpriv", "newuidmap", "newgidmap")
_GRACE = 10.0  # seconds in which the last process ends that keeps the user's namespace
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# The interpreter may lie in root's home, where an ordinary user sees nothing: it alone is shown there.
_SCRIPT = r"""
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
for group in $GROUPS_; do echo $$ > "$group/cgroup.procs"; done
PATH=$PATH_ exec "$(command -v setpriv)" --reuid "$UID_" --regid "$UID_" --clear-groups --inh-caps=-all "$@"
"""


@dataclass(frozen=True, slots=True)
class OrdinaryUser:
    """Runs `lamina --root ROOT …` as somebody who is not root.

    :param home: his directory, which he owns. :param etc: files that stand in for those of /etc.
    :param namespace: a descriptor of the network that his commands are run in, -1 for that of the tests.
    :param groups: control groups that are his, in which his commands are.
    :param path: where his programs are looked for. :param overlay: how layers are shown; "" is found out.
    """

    home: Path
    etc: Path
    namespace: int = -1
    groups: tuple[Path, ...] = ()
    path: str = _PATH
    overlay: str = ""

    @property
    def root(self) -> Path:
        """His store."""
        return self.home / "store"

    def __call__(self, *words: str, stdin: str = "", timeout: float = 60) -> Finished:
        """Run a command of Lamina to its end."""
        return self.run(sys.executable, "-m", "engine.cli", "--root", str(self.root), *words, stdin=stdin,
                        timeout=timeout)  # fmt: skip

    def run(self, *words: str, stdin: str = "", timeout: float = 60) -> Finished:
        """Run any program as this user."""
        environment = {
            "HOME": str(self.home), "USER": USER, "PATH": _PATH, "PATH_": self.path, "UID_": str(UID),
            "GROUPS_": " ".join(map(str, self.groups)), "PYTHONDONTWRITEBYTECODE": "1",
            **({"LAMINA_OVERLAY": self.overlay} if self.overlay else {}),
        }  # fmt: skip
        python = os.path.realpath(sys.base_prefix)
        place = entering(self.namespace) if self.namespace >= 0 else []
        enter = [*place, "unshare", "--mount", "--propagation", "private", "sh", "-c", _SCRIPT, "sh"]
        done = subprocess.run(
            [*enter, str(self.etc), python, *words],
            input=stdin.encode(), capture_output=True, timeout=timeout, env=environment, cwd=REPOSITORY,
            check=False,
        )  # fmt: skip
        out, err = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
        return Finished(words, done.returncode, out, err)


def needs_root() -> None:
    """Skip the test that cannot make a user of its own."""
    missing = [name for name in _PROGRAMS if shutil.which(name) is None]
    if os.geteuid() != 0 or missing:
        pytest.skip(f"needs {', '.join(missing) or 'root'}")


@contextmanager
def ordinary_user(subordinate: bool) -> Iterator[OrdinaryUser]:
    """A user with subordinate ids, or without; fails the test that leaves a process of his store behind."""
    needs_root()
    top = Path(tempfile.mkdtemp(prefix="lm-", dir="/var/tmp"))
    top.chmod(0o755)
    user = OrdinaryUser(top / "home", top / "etc")
    user.home.mkdir()
    os.chown(user.home, UID, UID)
    _write_files(user.etc, subordinate)
    try:
        yield user
        left = [] if eventually(lambda: not processes_of(top), _GRACE, every=0.1) else processes_of(top)
        assert not left, "left behind:\n" + "\n".join(map(str, left))
    finally:
        for process in processes_of(top):
            os.kill(process.pid, 9)
        shutil.rmtree(top)


@contextmanager
def delegated_groups(trees: Sequence[Hierarchy]) -> Iterator[tuple[Path, ...]]:
    """A control group of each tree that is the user's, as a service manager delegates them."""
    made = []
    try:
        for tree in trees:
            group = tree.path / f"laminatest-{os.getpid()}"
            group.mkdir()
            made.append(group)
            if "cpuset" in tree.controllers and tree.version == 1:
                for name in ("cpuset.cpus", "cpuset.mems"):
                    (group / name).write_text((tree.path / name).read_text("ascii"), "ascii")
            for path in (group, *group.glob("cgroup.*"), *group.glob("tasks")):
                os.chown(path, UID, UID)
        yield tuple(made)
    finally:
        for group in made:
            assert eventually(lambda group=group: _removed(group))  # type: ignore[misc]


def _removed(group: Path) -> bool:
    for directory, _, _ in os.walk(group, topdown=False):
        with suppress(OSError):
            os.rmdir(directory)
    return not group.exists()


def _write_files(etc: Path, subordinate: bool) -> None:
    etc.mkdir()
    for name, line in (("passwd", f"{USER}:x:{UID}:{UID}::/:/bin/sh"), ("group", f"{USER}:x:{UID}:")):
        (etc / name).write_text(Path("/etc", name).read_text("utf-8") + line + "\n", "utf-8")
    if Path("/dev/net/tun").exists():  # which machines of users have open to everybody: udev(7)
        os.mknod(etc / "tun", 0o666 | stat.S_IFCHR, os.stat("/dev/net/tun").st_rdev)
        (etc / "tun").chmod(0o666)
    for name in ("subuid", "subgid"):
        (etc / name).write_text(f"{USER}:{FIRST_ID}:{IDS}\n" if subordinate else "", "utf-8")
