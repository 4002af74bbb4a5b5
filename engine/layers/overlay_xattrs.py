"""Under which name overlayfs keeps its marks for this process.

Source: Linux Documentation/filesystems/overlayfs.rst, "userxattr".
"""

from __future__ import annotations

from engine.linux.user_namespaces import in_user_namespace

# Neither namespace is ever taken from an archive: an image must not talk to overlayfs.
PREFIXES = (b"trusted.overlay.", b"user.overlay.")


def overlay_xattr(name: str) -> str:
    """The whole name of one of overlayfs's attributes."""
    return f"user.overlay.{name}" if in_user_namespace() else f"trusted.overlay.{name}"


def mount_options() -> tuple[str, ...]:
    """Options of every overlay of ours, each `name` or `name=value`."""
    # Index off, so that a layer may stand below any upper directory, also a copied or a restored one.
    return ("index=off", "userxattr") if in_user_namespace() else ("index=off",)
