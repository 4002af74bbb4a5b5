"""The `lamina` commands that do what the screen does."""

from __future__ import annotations

import shlex

from engine.images.models import ImageSummary


def name_of_image(image: ImageSummary) -> str:
    """An image's first name, or the start of its id where it has none."""
    return image.names[0] if image.names else image.id.removeprefix("sha256:")[:12]


def pull_command(reference: str) -> str:
    """`lamina pull`, for a reference."""
    return f"lamina pull {shlex.quote(reference or 'IMAGE')}"
