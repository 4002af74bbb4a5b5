"""Under which name overlayfs keeps its marks for this process.

Source: Linux Documentation/filesystems/overlayfs.rst, "userxattr".
"""

from __future__ import annotations

# Neither namespace is ever taken from an archive: an image must not talk to overlayfs.
PREFIXES = (b"trusted.overlay.", b"user.overlay.")
_WHOLE_RANGE = "4294967295"


def in_user_namespace() -> bool:
    """Whether trusted attributes are out of reach, so that overlayfs must be mounted with `userxattr`."""
    try:
        with open("/proc/self/uid_map", encoding="ascii") as file:
            return file.read().split() != ["0", "0", _WHOLE_RANGE]
    except FileNotFoundError:
        return False  # a kernel without user namespaces


def overlay_xattr(name: str) -> str:
    """The whole name of one of overlayfs's attributes."""
    return f"user.overlay.{name}" if in_user_namespace() else f"trusted.overlay.{name}"


def mount_options() -> tuple[str, ...]:
    """Options of every overlay of ours, each `name` or `name=value`."""
    # Index off, so that a layer may stand below any upper directory, also a copied or a restored one.
    return ("index=off", "userxattr") if in_user_namespace() else ("index=off",)
