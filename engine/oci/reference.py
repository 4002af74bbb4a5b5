"""References: how people name an image, by Docker's short-name rules.

Source: github.com/distribution/reference, `regexp.go` (grammar) and `normalize.go` (short names).
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple, Self

from engine.errors import InvalidArgument
from engine.oci.digest import Digest
from engine.oci.quote import quoted

DEFAULT_DOMAIN = "docker.io"
DEFAULT_TAG = "latest"
_LEGACY_DOMAIN = "index.docker.io"
_OFFICIAL = "library/"
_LONGEST_PATH = 255
_LONGEST_DOMAIN = 255
_LONGEST_TEXT = 1024  # domain, path, tag and digest at their longest stay below it
_HINT = "a reference looks like redis, redis:7, ghcr.io/team/app:1.2 or name@sha256:…"


class Reference(NamedTuple):
    """An image's name: where it is, which repository, and a tag, a digest or both.

    :param domain: registry as `host` or `host:port`; `docker.io` where none was written.
    :param path: repository inside the registry, with `library/` for Docker's official images.
    :param tag: None only where a digest was given alone.
    :param digest: of the manifest or index; wins over the tag.
    """

    domain: str
    path: str
    tag: str | None = DEFAULT_TAG
    digest: Digest | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """The reference that `text` names; without tag and digest the tag is `latest`.

        :raises InvalidArgument: the text is no reference; names the part that is wrong.
        """
        if len(text) > _LONGEST_TEXT:
            raise InvalidArgument(f"reference is longer than {_LONGEST_TEXT} characters: {quoted(text)}")
        rest, has_digest, digits = text.partition("@")
        digest = Digest.parse(digits) if has_digest else None
        name, tag = _split_tag(rest)
        if tag is None and digest is None:
            tag = DEFAULT_TAG
        domain, path = _split_domain(name)
        _check(text, domain, path, tag)
        return cls(domain, path, tag, digest)

    @property
    def repository(self) -> str:
        """Domain and path: `docker.io/library/redis`."""
        return f"{self.domain}/{self.path}"

    @property
    def familiar(self) -> str:
        """The shortest form that means the same: `redis:7`."""
        return self._familiar_name() + self._suffix()

    def __str__(self) -> str:
        """The canonical form: `docker.io/library/redis:7`, with `@sha256:…` where there is a digest."""
        return self.repository + self._suffix()

    def _suffix(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{tag}@{self.digest}" if self.digest else tag

    def _familiar_name(self) -> str:
        if self.domain != DEFAULT_DOMAIN:
            return self.repository
        short = self.path.removeprefix(_OFFICIAL)
        # `docker.io/a.b/c` must not become `a.b/c`, which names another registry.
        for name in (short, self.path):
            if _split_domain(name) == (self.domain, self.path) and not _is_hex_id(name):
                return name
        return self.repository


def _split_tag(text: str) -> tuple[str, str | None]:
    colon = text.rfind(":")
    if colon <= text.rfind("/"):
        return text, None  # no colon, or the colon of a port
    return text[:colon], text[colon + 1 :]


def _split_domain(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    if slash and _is_domain(first):
        domain, path = first, rest
    else:
        domain, path = DEFAULT_DOMAIN, name
    if domain == _LEGACY_DOMAIN:
        domain = DEFAULT_DOMAIN
    if domain == DEFAULT_DOMAIN and "/" not in path:
        path = _OFFICIAL + path
    return domain, path


def _is_domain(first: str) -> bool:
    # A repository's path is lower case, so upper case can only be a host.
    return "." in first or ":" in first or first == "localhost" or first.lower() != first


def _is_hex_id(name: str) -> bool:
    return len(name) == 64 and all(character in "0123456789abcdef" for character in name)


def _check(text: str, domain: str, path: str, tag: str | None) -> None:
    grammar = _grammar()
    if len(domain) > _LONGEST_DOMAIN or not grammar.domain.fullmatch(domain) or not _port_fits(domain):
        transport, there, rest = text.partition("://")
        # What other verbs and programs take: an address, or skopeo's way to name a place.
        hint = f"leave {quoted(transport)[1:-1]}:// out: {quoted(rest)[1:-1]}" if there and rest else _HINT
        raise InvalidArgument(f"no registry can be called {quoted(domain)} in {quoted(text)}", hint=hint)
    if tag is not None and not grammar.tag.fullmatch(tag):
        raise InvalidArgument(
            f"no tag can be called {quoted(tag)} in {quoted(text)}",
            hint="a tag is up to 128 letters, digits, dots, dashes and underscores",
        )
    if len(path) > _LONGEST_PATH:
        raise InvalidArgument(f"repository name is longer than {_LONGEST_PATH} characters: {quoted(text)}")
    if path != path.lower():
        raise InvalidArgument(f"a repository's name must be lower case: {quoted(text)}", hint=_HINT)
    if not grammar.path.fullmatch(path):
        raise InvalidArgument(f"not a reference: {quoted(text)}", hint=_HINT)
    if domain == DEFAULT_DOMAIN and _is_hex_id(path.removeprefix(_OFFICIAL)) and "/" not in text:
        raise InvalidArgument(f"64 hex digits are an id, not a name: {quoted(text)}", hint=_HINT)


def _port_fits(domain: str) -> bool:
    _, colon, port = domain.rpartition(":")
    return not colon or domain.endswith("]") or int(port) <= 65535


class _Grammar(NamedTuple):
    domain: re.Pattern[str]
    path: re.Pattern[str]
    tag: re.Pattern[str]


@cache
def _grammar() -> _Grammar:
    # Compiled at the first use: the patterns cost more than the rest of this import.
    label = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
    component = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
    return _Grammar(
        domain=re.compile(rf"(?:{label}(?:\.{label})*|\[[a-fA-F0-9:]+\])(?::[0-9]{{1,5}})?"),
        path=re.compile(rf"{component}(?:/{component})*"),
        tag=re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}"),
    )
