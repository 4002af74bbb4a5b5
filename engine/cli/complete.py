"""What a shell may offer while a command is typed: names of images and containers that are here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.cli.session import Session
from engine.errors import LaminaError

if TYPE_CHECKING:
    from engine.containers.models import ContainerSummary


def images(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Names of images."""
    try:
        found = _session(ctx).rooms.images.list()
    except LaminaError:
        return []  # a shell's completion has no place for an error
    return [name for image in found for name in image.names if name.startswith(incomplete)]


def containers(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Names of all containers."""
    return [found.name for found in _containers(ctx, True) if found.name.startswith(incomplete)]


def running(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Names of containers that run."""
    return [found.name for found in _containers(ctx, False) if found.name.startswith(incomplete)]


def anything(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Names of all containers and images."""
    return containers(ctx, param, incomplete) + images(ctx, param, incomplete)


def volumes(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Names of volumes."""
    try:
        found = _session(ctx).rooms.volumes.list()
    except LaminaError:
        return []
    return [one.name for one in found if one.name.startswith(incomplete)]


def _containers(ctx: click.Context, stopped_too: bool) -> list[ContainerSummary]:
    try:
        return _session(ctx).rooms.containers.list(stopped_too)
    except LaminaError:
        return []


def _session(ctx: click.Context) -> Session:
    # While completing, click parses the words before but does not call the group itself.
    return Session(ctx.find_root().params.get("root"))
