"""Who we are to a registry: a narrow seam, behind which Docker's files and helper programs are read.

Source: docker/cli, `cli/config/credentials` and `configfile`: a host's own helper (`credHelpers`) comes
before the helper of all hosts (`credsStore`), and both before what the file itself holds (`auths`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

DOCKER_HUB = "docker.io"
# What Docker files Docker Hub's password under.
_HUB_KEY = "https://index.docker.io/v1/"
_HUB_NAMES = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})
TOKEN_USER = "<token>"  # noqa: S105  # the user's name by which helpers say that the secret is an identity token


@dataclass(frozen=True, slots=True)
class Credential:
    """A user's name and password, or an identity token; never shown by `repr`.

    :param secret: the password; "" where there is an identity token.
    :param identity_token: exchanged for access tokens (OAuth 2 refresh token); "" where there is none.
    """

    username: str
    secret: str = field(repr=False)
    identity_token: str = field(default="", repr=False)


class CredentialSource(Protocol):
    """Where credentials come from."""

    async def find(self, domain: str) -> Credential | None:
        """Who we are to the registry called `domain` in references; None where nobody said."""


class NoCredentials:
    """A source that knows nobody."""

    async def find(self, domain: str) -> Credential | None:
        """None."""
        return None


class GivenCredential:
    """A source that knows one credential for one registry: what a login tries out."""

    def __init__(self, domain: str, credential: Credential) -> None:
        self._domain = domain
        self._credential = credential

    async def find(self, domain: str) -> Credential | None:
        """The credential, for its registry alone."""
        return self._credential if domain == self._domain else None


class DockerCredentials:
    """Credentials from files in the format of Docker's `config.json`, and the helpers they name.

    :param files: the first that knows a registry wins; they need not exist.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = tuple(files)

    async def find(self, domain: str) -> Credential | None:
        """Who we are to a registry.

        :raises InvalidArgument: a file is not valid; names the file.
        :raises Unavailable: a helper program fails or does not answer.
        """
        from engine.registry.credential_file import CredentialFile
        from engine.registry.helper_program import HelperProgram

        for path in self._files:
            file = await asyncio.to_thread(CredentialFile.read, path)
            name = file.helper_for(domain)
            found = await HelperProgram(name).get(server_key(domain)) if name else None
            found = found or file.credential(domain)
            if found is not None:
                return found
        return None


def server_key(domain: str) -> str:
    """What Docker files a registry's credential under, and calls it to helpers."""
    return _HUB_KEY if domain in _HUB_NAMES else domain


def names_registry(key: str, domain: str) -> bool:
    """Whether a key of `auths` or `credHelpers` is about a registry.

    Older Dockers wrote addresses there (`https://host/v1/`); what counts is the host, exactly.
    """
    host = key.removeprefix("https://").removeprefix("http://").partition("/")[0]
    return host == domain or (domain in _HUB_NAMES and host in _HUB_NAMES)
