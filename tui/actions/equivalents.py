"""The `lamina` commands that do what the screen does."""

from __future__ import annotations

import shlex

from engine.containers.models import ContainerOptions
from engine.images.models import ImageSummary


def name_of_image(image: ImageSummary) -> str:
    """An image's first name, or the start of its id where it has none."""
    return image.names[0] if image.names else image.id.removeprefix("sha256:")[:12]


def pull_command(reference: str) -> str:
    """`lamina pull`, for a reference."""
    return f"lamina pull {shlex.quote(reference or 'IMAGE')}"


def run_command(options: ContainerOptions) -> str:
    """`lamina run`, with the options that differ from the image's own."""
    words = ["lamina", "run", "-d"]
    words += ["-t"] if options.tty else []
    words += ["-i"] if options.interactive else []
    words += ["--rm"] if options.auto_remove else []
    words += ["--name", options.name] if options.name else []
    words += ["--network", options.network] if options.network != "none" else []
    for setting in options.env:
        words += ["-e", setting]
    for bind in options.binds:
        words += ["-v", f"{bind.source}:{bind.target}" + (":ro" if bind.read_only else "")]
    return shlex.join([*words, options.image, *options.command])
