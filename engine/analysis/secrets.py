"""Secrets in layers: files that hold keys and passwords, also those that a later layer hides.

A file is found by its name and, where the layers' directories are at hand, judged by its first bytes, for
`ca.pem` is mostly a certificate. Whoever has the image has its layers, so hiding a file takes nothing back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from engine.analysis.stacked import Stack
from engine.layers.member import Kind

Head = Callable[[int, int], bytes]  # (entry, most bytes) -> the first bytes of its content
_HEAD = 16 << 10  # bytes of a file that are looked at
MOST_HEADS = 2000  # files that are opened; further ones are judged by name
_FILE = int(Kind.FILE)
# Contents come from outside, so no pattern repeats without bound what it could give back.
_PRIVATE_KEY = rb"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY"


@dataclass(frozen=True, slots=True)
class _Sort:
    """One sort of secret.

    :param name: pattern of the end of a path, NUL for the slash; it begins at the start of a name.
    :param content: pattern that the first bytes have.
    :param by_name: whether the name alone says it, where the content is not at hand.
    """

    what: str
    name: bytes
    content: bytes
    by_name: bool = True


_SORTS = (
    _Sort("private SSH key", rb"id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?|ssh_host_\w{1,20}_key", _PRIVATE_KEY),
    _Sort("private key", rb"[^\0]+\.(?:pem|key|p8)", _PRIVATE_KEY, by_name=False),
    _Sort("PuTTY key", rb"[^\0]+\.ppk", rb"PuTTY-User-Key-File"),
    _Sort("key store", rb"[^\0]+\.(?:p12|pfx)", rb"\A\x30[\x80-\x84]"),
    _Sort("AWS credentials", rb"\.aws\0credentials", rb"(?i)aws_secret_access_key\s*="),
    _Sort("npm token", rb"\.npmrc", rb"(?i)_(?:authtoken|password|auth)\s*=\s*[^\s$]", by_name=False),
    _Sort("netrc passwords", rb"[._]netrc", rb"(?i)\bpassword\s+\S"),
    _Sort("git credentials", rb"\.git-credentials", rb"://[^\s:/]{1,200}:[^\s@]{1,200}@"),
    _Sort("registry credentials", rb"\.docker\0config\.json|\.dockercfg", rb'"auth"\s*:\s*"[^"]'),
    _Sort("Python index password", rb"\.pypirc", rb"(?im)^[ \t]{0,20}password[ \t]{0,20}[:=][ \t]{0,20}\S"),
    _Sort("PostgreSQL passwords", rb"\.pgpass", rb"(?m)^[^#\s:][^\n:]{0,255}(?::[^\n:]{0,255}){3}:"),
    _Sort("Kubernetes credentials", rb"\.kube\0config", rb"(?:client-key-data|token|password):\s*\S"),
    _Sort(
        "cloud credentials",
        rb"application_default_credentials\.json|[^\0]*service[-_]account[^\0]*\.json",
        rb'"(?:private_key|refresh_token)"\s*:\s*"[^"]',
        by_name=False,
    ),
    _Sort(
        "environment file with secrets",
        rb"\.env(?:\.[^\0]+)?",
        rb"(?im)^[ \t]{0,20}(?:export[ \t]{1,20})?\w{0,60}(?:secret|token|passw|(?:api|private)_?key)\w{0,80}"
        rb"[ \t]{0,20}=[ \t]{0,20}[^\s$]",
        by_name=False,
    ),
)
_NAMES = re.compile(b"|".join(rb"(?:\A|\0)(?:%b)\Z" % sort.name for sort in _SORTS), re.DOTALL)
_EACH = tuple(
    (sort, re.compile(rb"(?:\A|\0)(?:%b)\Z" % sort.name), re.compile(sort.content)) for sort in _SORTS
)


@dataclass(frozen=True, slots=True)
class Secret:
    """A file that holds a secret.

    :param path: without a leading slash.
    :param position: of the layer that has it; 1 is the base.
    :param hidden: whether a later layer removed or replaced it; it travels all the same.
    :param read: whether its content was looked at, not its name alone.
    """

    path: str
    what: str
    position: int
    hidden: bool
    read: bool


def find_secrets(stack: Stack, head: Head | None = None) -> tuple[Secret, ...]:
    """Secrets in all layers, base first, in tree order.

    :param head: reads the start of a file; None judges by names alone.
    """
    entries = stack.entries
    found: list[Secret] = []
    opened = 0
    for entry, key in candidates(stack):
        readable = head is not None and opened < MOST_HEADS
        start = head(entry, _HEAD) if head is not None and readable else b""
        opened += readable
        for sort, name, content in _EACH:
            if name.search(key) and (content.search(start) if readable else sort.by_name):
                layer = entries.layer(entry)
                found.append(
                    Secret(entries.path(entry), sort.what, layer + 1, _is_hidden(stack, entry), readable)
                )
                break
    return tuple(found)


def candidates(stack: Stack) -> Iterator[tuple[int, bytes]]:
    """Entries and keys of files with content whose name may stand for a secret."""
    entries = stack.entries
    for layer, table in enumerate(entries.tables):
        if entries.is_repeated(layer):
            continue
        offset = entries.offsets[layer]
        for number, key in enumerate(table.keys):
            if table.kinds[number] == _FILE and table.sizes[number] and _NAMES.search(key):
                yield offset + number, key


def _is_hidden(stack: Stack, entry: int) -> bool:
    if stack.entries.is_linked(entry):
        return stack.entries.inode(entry) not in stack.linked
    return entry in stack.hidden
