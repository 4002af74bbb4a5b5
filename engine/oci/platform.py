"""Platforms: the operating system and processor that an image is made for.

Sources: OCI image-spec 1.1, image-index.md, "platform"; Go's GOOS and GOARCH names; variants and their
order as in github.com/containerd/platforms.
"""

from __future__ import annotations

import os
from typing import NamedTuple, Self

from engine.errors import InvalidArgument
from engine.oci.quote import quoted

_ARCHITECTURES = {
    "x86_64": "amd64",
    "x86-64": "amd64",
    "i386": "386",
    "i686": "386",
    "aarch64": "arm64",
    "armhf": "arm",
    "armv5l": "arm",
    "armv6l": "arm",
    "armv7l": "arm",
    "armv8l": "arm",
    "loongarch64": "loong64",
}
_MACHINE_VARIANTS = {"armv5l": "v5", "armv6l": "v6", "armv7l": "v7", "armv8l": "v8"}
# Left out, a variant means this one.
_DEFAULT_VARIANT = {"amd64": "v1", "arm64": "v8", "arm": "v7"}
# A processor runs what was made for its own variant and for those after it.
_VARIANTS = {"amd64": ("v4", "v3", "v2", "v1"), "arm": ("v8", "v7", "v6", "v5")}


class Platform(NamedTuple):
    """`linux/arm64/v8`: what an image runs on.

    :param os: Go's name, such as `linux`.
    :param architecture: Go's name, such as `amd64`.
    :param variant: of the processor, or "" for the usual one.
    """

    os: str
    architecture: str
    variant: str = ""

    @classmethod
    def host(cls) -> Self:
        """The platform of this machine."""
        machine = os.uname().machine
        variant = _MACHINE_VARIANTS.get(machine, "")
        return cls.of("linux", machine, variant)

    @classmethod
    def of(cls, os_name: str, architecture: str, variant: str = "") -> Self:
        """The platform under its usual names: `x86_64` is `amd64`, `arm64/v8` is `arm64`."""
        name = architecture.lower()
        name = _ARCHITECTURES.get(name, name)
        if variant == _DEFAULT_VARIANT.get(name):
            variant = ""
        return cls(os_name.lower(), name, variant.lower())

    @classmethod
    def parse(cls, text: str) -> Self:
        """`linux/amd64`, `linux/arm64/v8`, or an architecture alone, which is of Linux.

        :raises InvalidArgument: anything else.
        """
        parts = text.split("/")
        if len(parts) == 1:
            parts.insert(0, "linux")
        if len(parts) > 3 or not all(_is_word(part) for part in parts):
            raise InvalidArgument(
                f"not a platform: {quoted(text)}", hint="a platform looks like linux/amd64 or linux/arm64/v8"
            )
        return cls.of(*parts)

    def runs(self) -> tuple[Self, ...]:
        """The platforms whose images run on this one, the best first; starts with itself."""
        order = _VARIANTS.get(self.architecture, ())
        mine = self.variant or _DEFAULT_VARIANT.get(self.architecture, "")
        if mine not in order:
            return (self,)
        make = type(self).of
        return tuple(make(self.os, self.architecture, variant) for variant in order[order.index(mine) :])

    def __str__(self) -> str:
        return "/".join(filter(None, (self.os, self.architecture, self.variant)))


def _is_word(text: str) -> bool:
    return (
        0 < len(text) <= 32
        and text.isascii()
        and text.replace("_", "").replace("-", "").replace(".", "").isalnum()
    )
