"""A machine on which an ordinary user lives: a mount namespace with a user, his ids and devices in it.

Nothing of the real machine changes: files of /etc are bound over in that namespace alone, and all mounts go
with its last process.
"""

from __future__ import annotations

import os
import shutil
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
from tests.support.ordinary import BINDS, UID, USER, write_files
from tests.support.waiting import eventually

_PROGRAMS = ("unshare", "setpriv", "newuidmap", "newgidmap")
_GRACE = 30.0  # seconds in which the last process ends that keeps the user's namespace
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SCRIPT = (
    BINDS
    + r"""
for group in $GROUPS_; do echo $$ > "$group/cgroup.procs"; done
PATH=$PATH_ exec "$(command -v setpriv)" --reuid "$UID_" --regid "$UID_" --clear-groups --inh-caps=-all "$@"
"""
)


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
    write_files(user.etc, subordinate)
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
