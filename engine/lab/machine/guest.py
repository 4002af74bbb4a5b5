"""What stands in a machine beside its image: a shell script as the first process, and what that runs.

The programs are the host's, with a loader and libraries of their own in one directory, so that they work in
any image: one without a shell, and one with another C library.

The script has two serial lines. On the first only the image's program writes. On the second it says
`= alive` when it begins, answers each line that it reads with what it sees, and says `= ended CODE` when
the program has ended; the kernel's own warnings stand between.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import NotSupported
from engine.lab.programs import Needs, find_program, needs

HOME = "/.machine"
"""Where it stands in the machine."""

PROGRAM_LINE, REPORT_LINE = "ttyS0", "ttyS1"
MARK = "= "
"""What every line of a report begins with."""

_PROGRAMS = ("sh", "mount", "setpriv")
_SCRIPT = r"""
run='{run}'
$run {home}/mount -t proc proc /proc
$run {home}/mount -t devtmpfs dev /dev
$run {home}/mount -t sysfs -o ro sys /sys
echo {hostname} > /proc/sys/kernel/hostname
exec 3>/dev/{line}
echo init > /proc/1/comm
echo '= alive'
(
  echo init > /proc/self/comm
  (
    cd {workdir} || exit 125
    {exports}
    exec $run {home}/setpriv --reuid {uid} --regid {gid} --groups {groups} -- {argv} </dev/null >&3 2>&3
  )
  echo "= ended $?"
) &
while read -r asked; do
  read -r release </proc/sys/kernel/osrelease; echo "= kernel $release"
  read -r boot </proc/sys/kernel/random/boot_id; echo "= boot $boot"
  read -r up rest </proc/uptime; echo "= uptime $up"
  while read -r name value unit; do
    case $name in MemTotal:|MemAvailable:) echo "= memory $name $value";; esac
  done </proc/meminfo
  for place in /proc/[0-9]*; do
    kind=kernel command=
    read -r command <$place/cmdline
    [ -n "$command" ] && kind=program
    read -r name <$place/comm && echo "= process ${{place#/proc/}} $kind $name"
  done 2>/dev/null
  echo '= end'
done
"""


@dataclass(frozen=True, slots=True)
class Program:
    """The image's program, as a container of it would run it.

    :param groups: ids, never none. :param env: `NAME=VALUE` each.
    """

    argv: Sequence[str]
    env: Sequence[str]
    workdir: str
    uid: int
    gid: int
    groups: Sequence[int]
    hostname: str


@dataclass(frozen=True, slots=True)
class Guest:
    """What goes into the machine.

    :param files: of the host, by their name in `HOME`. :param script: of the first process.
    :param first: the words that a kernel starts it with.
    """

    files: dict[str, Path]
    script: bytes
    first: tuple[str, ...]


def guest_of(program: Program) -> Guest:
    """All that a machine needs beside its image to run this.

    :raises NotSupported: this host lacks one of the programs.
    """
    files = {name: path for name in _PROGRAMS if (path := find_program(name)) is not None}
    wanted = needs(files.values())
    for name in _PROGRAMS:
        if name not in files or (files[name] in wanted and wanted[files[name]].missing):
            raise NotSupported(
                f"a machine is begun with the host's {name}, and this host has none",
                hint="sudo apt-get install util-linux",
            )
    loader = _add_libraries(files, [wanted[path] for path in files.values() if path in wanted])
    run = (f"{HOME}/{loader}", "--library-path", HOME) if loader else ()
    return Guest(files, _script(program, run), (*run, f"{HOME}/sh", f"{HOME}/init"))


def _add_libraries(files: dict[str, Path], all_needs: Sequence[Needs]) -> str:
    """Add what they load; gives the loader's name, "" where they are static."""
    loader = ""
    for need in all_needs:
        for name, path in need.libraries.items():
            files[name] = path.resolve()
        if need.loader is not None:
            loader = need.loader.name
            files[loader] = need.loader.resolve()
    return loader


def _script(program: Program, run: Sequence[str]) -> bytes:
    text = _SCRIPT.format(
        run=" ".join(run),
        home=HOME,
        hostname=shlex.quote(program.hostname),
        line=PROGRAM_LINE,
        workdir=shlex.quote(program.workdir or "/"),
        exports="\n    ".join(_exports(program.env)),
        uid=program.uid,
        gid=program.gid,
        groups=",".join(map(str, program.groups)),
        argv=shlex.join(program.argv),
    )
    return text.encode("utf-8", "surrogateescape")


def _exports(env: Sequence[str]) -> Iterator[str]:
    for pair in env:
        name, _, value = pair.partition("=")
        if name.isidentifier() and name.isascii():  # what a shell takes for a name
            yield f"export {name}={shlex.quote(value)}"
    yield "unset TERM"
