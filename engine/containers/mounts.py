"""Which host directories and volumes a container sees where: Docker's rules, as functions.

Source: moby volume/mounts/linux_parser.go, daemon/volumes.go (registerMountPoints).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence

from engine.containers.models import BindMount, ContainerOptions, VolumeMount
from engine.errors import InvalidArgument
from engine.runtime.config import Bind
from engine.volumes.names import check_name, new_name

PROPAGATIONS = ("private", "rprivate", "slave", "rslave", "shared", "rshared")
RECURSIONS = ("enabled", "disabled", "writable", "readonly")
_KERNELS = ("/proc", "/sys")


def plan_mounts(
    options: ContainerOptions, image_volumes: Iterable[str], inherited: Sequence[Bind] = ()
) -> tuple[Bind, ...]:
    """What is mounted where: what was asked for, then what comes from other containers, then the image's own.

    :param image_volumes: paths of the image's VOLUMEs, as they came from outside.
    :param inherited: of the containers of `--volumes-from`.
    :raises InvalidArgument: a mount cannot be meant, or two have the same target.
    """
    asked = [*map(_bind, options.binds), *map(_volume, options.volumes)]
    taken = [bind.target for bind in asked]
    taken += [posixpath.normpath(tmpfs.target) for tmpfs in options.isolation.tmpfs]
    for target in taken:
        if taken.count(target) > 1:
            raise InvalidArgument(f"two mounts have the target {target}", hint="leave one of them out")
    found = {bind.target: bind for bind in inherited if bind.target not in taken}
    binds = [*asked, *found.values()]
    taken += found
    for path in image_volumes:
        target = _image_target(path)
        if target not in taken:
            taken.append(target)
            binds.append(Bind("", target, False, volume=new_name(), anonymous=True))
    return tuple(binds)


def inherit(bind: Bind, read_only: bool) -> Bind:
    """A mount of another container, for `--volumes-from`."""
    return bind._replace(read_only=bind.read_only or read_only)


def _bind(asked: BindMount) -> Bind:
    if not asked.source.startswith("/"):
        raise InvalidArgument(
            f"{asked.source}:{asked.target}: both sides of a bind must be absolute paths",
            hint="write /host/path:/container/path[:ro]",
        )
    if asked.propagation not in PROPAGATIONS:
        raise InvalidArgument(
            f"there is no propagation {asked.propagation!r}", hint=f"there are: {', '.join(PROPAGATIONS)}"
        )
    if asked.recursive not in RECURSIONS:
        raise InvalidArgument(
            f"bind-recursive={asked.recursive} cannot be meant", hint=f"there are: {', '.join(RECURSIONS)}"
        )
    if asked.recursive in ("writable", "readonly") and not asked.read_only:
        raise InvalidArgument(f"bind-recursive={asked.recursive} wants readonly too")
    if asked.recursive == "readonly" and asked.propagation != "rprivate":
        raise InvalidArgument("bind-recursive=readonly wants bind-propagation=rprivate")
    target = check_target(asked.target)
    return Bind(
        asked.source, target, asked.read_only, propagation=asked.propagation, recursive=asked.recursive,
        make=asked.make,
    )  # fmt: skip


def _volume(asked: VolumeMount) -> Bind:
    target = check_target(asked.target)
    name = check_name(asked.name) if asked.name else new_name()
    subpath = asked.subpath
    if subpath and (subpath.startswith("/") or ".." in subpath.split("/") or "\0" in subpath):
        raise InvalidArgument(
            f"volume-subpath={subpath} leads out of the volume",
            hint="give a path below the volume's top, without '..'",
        )
    return Bind(
        "", target, asked.read_only, volume=name, anonymous=not asked.name, subpath=subpath,
        copy=not asked.no_copy and not subpath, labels=dict(asked.labels),
    )  # fmt: skip


def check_target(path: str) -> str:
    """A mount target in its shortest form. :raises InvalidArgument: it cannot be one."""
    if not path.startswith("/") or "\0" in path:
        raise InvalidArgument(f"{path}: both sides of a mount must be absolute paths", hint="begin it with /")
    target = "/" + posixpath.normpath(path).lstrip("/")
    if target == "/":
        raise InvalidArgument("nothing can be mounted over the container's root", hint="name a path below /")
    return target


def _image_target(path: str) -> str:
    # From outside: a relative one counts from the root, and none climbs above it.
    target = "/" + posixpath.normpath("/" + path).lstrip("/")
    if "\0" in path or target == "/" or target.startswith(tuple(f"{kernel}/" for kernel in _KERNELS)) or (
        target in _KERNELS
    ):  # fmt: skip
        raise InvalidArgument(
            f"the image wants a volume at {target}, where none can be",
            hint="mount something of your own there, or use another image",
        )
    return target
