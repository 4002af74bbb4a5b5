"""Verbs about images that are here: images, layers, rmi, tag."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import click

from engine.cli import complete
from engine.cli.ending import each, say_error
from engine.cli.filters import Tests, filter_option, fits
from engine.cli.looking import look_platform_option, looking
from engine.cli.output import format_option, print_json, print_table
from engine.cli.session import Session, pass_session
from engine.cli.shape import Shape, print_rows, shape_option
from engine.cli.words import ago, size, timestamp
from engine.errors import NotFound
from engine.images.instruction import written
from engine.printable import printable

if TYPE_CHECKING:
    from engine.images.models import ImageSummary, LayerRow
    from engine.images.preview import LayerElsewhere
    from engine.images.service import ImageService

_NONE = "<none>"  # Docker's word for a name that is not there


def _dangling(value: str) -> Callable[[ImageSummary], bool]:
    if value not in ("true", "false"):
        raise click.BadParameter(f"dangling={value}: say true or false")
    return lambda image: (not image.names) == (value == "true")


def _reference(value: str) -> Callable[[ImageSummary], bool]:
    """A pattern as a shell's, over the name, the name with its tag, or the end of the path."""
    return lambda image: any(
        _is_named(name, value) or fnmatchcase(name.rsplit("/", 1)[-1], value) for name in image.names
    )


def _beside(fits: Callable[[float, float], bool]) -> Callable[[str], Callable[[ImageSummary], bool]]:
    """Made before or after another image; one whose moment nobody knows is older than all."""

    def test_of(value: str) -> Callable[[ImageSummary], bool]:
        other = _here().get(value).summary.created or 0.0
        return lambda image: fits(image.created or 0.0, other)

    return test_of


def _labelled(value: str) -> Callable[[ImageSummary], bool]:
    name, equals, wanted = value.partition("=")
    images = _here()

    def test(image: ImageSummary) -> bool:
        labels = images.get(str(image.id)).labels
        return name in labels and (not equals or labels[name] == wanted)

    return test


def _here() -> ImageService:
    session = click.get_current_context().find_object(Session)
    assert session is not None
    return session.rooms.images


_FILTERS = {
    "dangling": _dangling,
    "reference": _reference,
    "label": _labelled,
    "before": _beside(operator.lt),
    "since": _beside(operator.gt),
}


@click.command()
@click.argument("name", required=False, shell_complete=complete.images)
@click.option(
    "-a", "--all", is_flag=True, expose_value=False,
    help="What is shown anyway: no image here is but a step to another.",
)  # fmt: skip
@click.option("-q", "--quiet", is_flag=True, help="Only image ids.")
@click.option("--no-trunc", is_flag=True, help="Whole ids.")
@click.option("--digests", is_flag=True, help="Show the manifests' digests.")
@filter_option(_FILTERS)
@shape_option
@pass_session
def images(
    session: Session,
    name: str | None,
    quiet: bool,
    no_trunc: bool,
    digests: bool,
    tests: Tests,
    shape: Shape,
) -> None:
    """List images, the newest first; with NAME only those of that name, repository or pattern.

    SIZE is what all layers of an image take unpacked, shared ones too; `lamina sharing` tells these apart.
    """
    found = [image for image in session.rooms.images.list() if fits(image, tests)]
    if name is not None:
        found = [image for image in found if any(_is_named(label, name) for label in image.names)]
    if shape.as_json:
        print_json(found)
        return
    named = [
        (image, label)
        for image in found
        for label in image.names or ("",)
        if name is None or _is_named(label, name)
    ]
    if shape.is_own:
        headings = {"ID": "IMAGE ID", "CreatedSince": "CREATED"}
        print_rows(shape, [_fields(image, label, no_trunc) for image, label in named], headings)
    elif quiet:
        for image in found:
            click.echo(_id(image, no_trunc))
    else:
        _print_images(named, no_trunc, digests)


def _print_images(named: list[tuple[ImageSummary, str]], no_trunc: bool, digests: bool) -> None:
    digest_heading = ("DIGEST",) if digests else ()
    rows = []
    for image, label in named:
        digest = (str(image.manifest_digest),) if digests else ()
        tail = (_id(image, no_trunc), ago(image.created), size(image.unpacked))
        rows.append((*_repository_and_tag(label), *digest, *tail))
    print_table(("REPOSITORY", "TAG", *digest_heading, "IMAGE ID", "CREATED", "SIZE"), rows)


def _fields(image: ImageSummary, label: str, no_trunc: bool) -> dict[str, object]:
    """By the names of docker images; sizes are unpacked."""
    repository, tag_name = _repository_and_tag(label)
    return {
        "Repository": repository,
        "Tag": tag_name,
        "ID": _id(image, no_trunc),
        "Digest": str(image.manifest_digest),
        "CreatedSince": ago(image.created),
        "CreatedAt": timestamp(image.created),
        "Size": size(image.unpacked),
        "UniqueSize": size(image.unique),
        "SharedSize": size(image.shared),
        "Containers": str(image.containers),
    }


def _id(image: ImageSummary, no_trunc: bool) -> str:
    return str(image.id) if no_trunc else image.id.short


def _repository_and_tag(familiar: str) -> tuple[str, str]:
    if not familiar:
        return _NONE, _NONE
    repository, at, _ = familiar.partition("@")
    # A colon before the last slash belongs to the registry's port.
    colon = repository.rfind(":")
    if colon > repository.rfind("/"):
        return repository[:colon], repository[colon + 1 :]
    return repository, _NONE if at else "latest"


def _is_named(familiar: str, pattern: str) -> bool:
    return any(fnmatchcase(text, pattern) for text in (familiar, _repository_and_tag(familiar)[0]))


@click.command()
@click.argument("image", shell_complete=complete.images)
@click.option("--no-trunc", is_flag=True, help="Whole digests and instructions.")
@look_platform_option
@format_option
@pass_session
def layers(session: Session, image: str, no_trunc: bool, platform: str, as_json: bool) -> None:
    """Show the layers of IMAGE as they lie, the newest on top; positions count from the base.

    ALSO IN says how many other images here stand on the same layer; COMPRESSED is what travels,
    UNPACKED what lies on disk. IMAGE may lie elsewhere (see lamina tree --help): then STATE says whether
    the layer is here too, and UNPACKED is known of layers that are here or were looked at.
    """
    from engine.images.elsewhere import parse_place

    if parse_place(image) is None and not platform:
        found: Sequence[LayerRow | LayerElsewhere] = session.rooms.images.get(image).layers
    else:
        with looking(session, platform) as inside:
            found = inside.layers(image)
    if as_json:
        print_json(found)
    else:
        _print_layers(found, no_trunc)


def _print_layers(found: Sequence[LayerRow | LayerElsewhere], no_trunc: bool) -> None:
    from engine.images.models import LayerRow

    about = ("ALSO IN", "ROLE") if all(isinstance(layer, LayerRow) for layer in found) else ("STATE",)
    rows = []
    for layer in reversed(found):
        if isinstance(layer, LayerRow):
            base_of = f" {layer.base_of}" if layer.base_of else ""
            told: tuple[str, ...] = (str(len(layer.used_by)), f"{layer.role}{base_of}")
        else:
            told = ("here" if layer.here else "elsewhere",)
        instruction = written(layer.created_by)
        rows.append(
            (
                str(layer.position),
                str(layer.diff_id) if no_trunc else layer.diff_id.short,
                size(layer.compressed),
                "" if layer.unpacked is None else size(layer.unpacked),
                *told,
                instruction if no_trunc or len(instruction) <= 60 else instruction[:59] + "…",
            )
        )
    print_table(("POSITION", "DIFF ID", "COMPRESSED", "UNPACKED", *about, "INSTRUCTION"), rows)


@click.command()
@click.argument("names", metavar="IMAGE...", nargs=-1, required=True, shell_complete=complete.images)
@click.option(
    "-f",
    "--force",
    is_flag=True,
    help="Also an id with several names, or of stopped containers; one that is not there is no failure.",
)
@pass_session
def rmi(session: Session, names: tuple[str, ...], force: bool) -> int:
    """Take names from images; an image without names goes, with the layers only it had.

    `lamina sharing IMAGE...` says before what that frees.
    """

    def remove(name: str) -> None:
        try:
            removed = session.rooms.images.remove(name, force)
        except NotFound as error:
            if not force:
                raise
            say_error(error)
            return
        for label in removed.untagged:
            click.echo(f"Untagged: {printable(label)}")
        if removed.deleted_image is not None:
            click.echo(f"Deleted: {removed.deleted_image}")
        for diff_id in removed.deleted_layers:
            click.echo(f"Deleted: {diff_id}")
        if removed.freed:
            click.echo(f"Freed: {size(removed.freed)} ({removed.freed} bytes)")

    return each(names, remove)


@click.command()
@click.argument("source", shell_complete=complete.images)
@click.argument("target")
@pass_session
def tag(session: Session, source: str, target: str) -> None:
    """Give the image SOURCE the further name TARGET."""
    session.rooms.images.tag(source, target)
