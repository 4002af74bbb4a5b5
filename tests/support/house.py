"""A store that many tests of the command line live in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.support import leaks
from tests.support.command import Lamina

# What a distribution's image has and the lab's do not: users, their homes, and files of several owners.
_FURNISH = """
set -e
mkdir -p /var/www /var/lib/dpkg/info
echo www-data:x:33:33:www-data:/var/www:/bin/sh >> /etc/passwd
echo www-data:x:33: >> /etc/group
echo shadow:x:42: >> /etc/group
echo here > /etc/issue; echo hello > /etc/motd; echo one > /var/lib/dpkg/info/one
echo 'root:*:19000:0:99999:7:::' > /etc/shadow
chown 0:42 /etc/shadow; chmod 640 /etc/shadow
"""


@contextmanager
def lab_house(*images: str) -> Iterator[Lamina]:
    """A store with the lab's base image, or others, whose registry is down again; gone in the end."""
    with leaks.scratch_store() as root:
        lamina = Lamina(root)
        lamina("lab", "up").ok()
        try:
            for image in images or ("lab/base",):
                lamina("pull", "-q", image).ok()
        finally:
            lamina("lab", "down").ok()
        yield lamina


def furnish(lamina: Lamina, base: str, name: str) -> None:
    """Make an image of one of the lab's that has users and files as those of a distribution."""
    lamina("run", "--name", "furnished", "--network", "none", base, "sh", "-c", _FURNISH).ok()
    lamina("commit", "furnished", name).ok()
    lamina("rm", "furnished").ok()
