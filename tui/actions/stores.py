"""Verbs for networks, volumes, and the files of containers and volumes."""

from __future__ import annotations

import shlex

from tui.actions.model import WORKBENCH, Action, Context, ScreenName

_STORES: tuple[ScreenName, ...] = ("stores",)
_BROWSE: tuple[ScreenName, ...] = ("browse",)


def _chosen(ctx: Context) -> bool:
    return ctx.path is not None


def _on_network(ctx: Context) -> bool:
    return ctx.place == "networks" and _chosen(ctx)


def _on_volume(ctx: Context) -> bool:
    return ctx.place == "volumes" and _chosen(ctx)


def _container(ctx: Context) -> bool:
    return ctx.container is not None


def _kind(ctx: Context) -> str:
    return "network" if ctx.place == "networks" else "volume"


def _named(verb: str, ctx: Context) -> str:
    return f"lamina {_kind(ctx)} {verb} {shlex.quote(ctx.path) if ctx.path else 'NAME'}"


STORES: tuple[Action, ...] = (
    Action("stores(networks)", "6", "6", "networks", "networks, and who is on them", "go",
           command=lambda _: "lamina network ls"),
    Action("stores(volumes)", "7", "7", "volumes", "volumes, and who has them", "go",
           command=lambda _: "lamina volume ls"),
    Action("files", "F", "F", "files", "look into the container's files, copy out and in", "containers",
           ("containers",), _container, screens=WORKBENCH),
    Action("create", "a", "a", "create", "make a network or a volume", "stores", ("networks", "volumes"),
           command=lambda ctx: _named("create", ctx), changes=True, screens=_STORES),
    Action("connect", "c", "c", "connect", "put a container on the network", "stores", ("networks",),
           _on_network, lambda ctx: f"lamina network connect {shlex.quote(ctx.path or '')} CONTAINER",
           changes=True, screens=_STORES),
    Action("disconnect", "u", "u", "disconnect", "take a container off the network", "stores",
           ("networks",), _on_network,
           lambda ctx: f"lamina network disconnect {shlex.quote(ctx.path or '')} CONTAINER",
           changes=True, screens=_STORES),
    Action("browse", "b", "b", "files", "look into the volume's files", "stores", ("volumes",),
           _on_volume, screens=_STORES),
    Action("delete", "d", "d", "remove", "remove it; says who uses it", "stores",
           ("networks", "volumes"), _chosen, lambda ctx: _named("rm", ctx), danger=True, changes=True,
           screens=_STORES),
    Action("prune_unused", "", "", "prune", "remove networks or volumes that no container has", "stores", (),
           command=lambda ctx: f"lamina {_kind(ctx)} prune", danger=True, changes=True, screens=_STORES),
    Action("copy_out", "x", "x", "copy out", "copy it to this host", "stores", ("entries",), _chosen,
           changes=True, screens=_BROWSE),
    Action("copy_in", "p", "p", "copy in", "copy a file or directory of this host here", "stores",
           ("entries",), changes=True, screens=_BROWSE),
)  # fmt: skip
