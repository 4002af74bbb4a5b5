"""Logging in to a registry and out of it: a credential is tried, then kept where it can be found again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from engine.errors import InvalidArgument, PermissionDenied, Unavailable
from engine.oci.quote import quoted
from engine.oci.reference import Reference
from engine.registry.client import RegistryClient
from engine.registry.credential_file import CredentialFile, forget, keep
from engine.registry.credentials import DOCKER_HUB, Credential, GivenCredential, server_key
from engine.registry.helper_program import HelperProgram
from engine.settings import Settings


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Where a credential is kept.

    :param place: a file's path, or a helper program's name.
    :param in_the_clear: anybody who can read the file can read the password.
    """

    domain: str
    username: str
    place: str
    in_the_clear: bool


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """What a logout found.

    :param removed: there was a credential of ours.
    :param still: files of others that still hold one, or name a helper that may.
    """

    domain: str
    removed: bool
    still: tuple[Path, ...]


def registry_name(text: str) -> str:
    """The registry that a person means by `text`: a host, or an address as older Dockers wrote it.

    :raises InvalidArgument: no registry can be called so.
    """
    host = text.removeprefix("https://").removeprefix("http://").partition("/")[0] or DOCKER_HUB
    domain = Reference.parse(f"{host}/x").domain
    if domain != host and domain != DOCKER_HUB:
        raise InvalidArgument(f"no registry can be called {quoted(text)}")
    if domain == DOCKER_HUB and "." not in host:
        raise InvalidArgument(
            f"{quoted(text)} is not a registry",
            hint="a registry's name has a dot or a port: ghcr.io, lan:5000",
        )
    return domain


async def login(settings: Settings, domain: str, credential: Credential) -> LoggedIn:
    """Try a credential, and keep it where the registry takes it.

    :raises Unauthorized: the registry does not take it; nothing is kept.
    :raises PermissionDenied: the file cannot be written.
    """
    if not credential.username or not credential.secret:
        raise InvalidArgument(f"to log in to {domain} takes a user's name and a password")
    if ":" in credential.username:
        raise InvalidArgument("a user's name has no colon (RFC 7617)")
    async with RegistryClient(settings, credentials=GivenCredential(domain, credential)) as client:
        await client.check(domain)
    own = _own_file(settings)
    file = await asyncio.to_thread(CredentialFile.read, own)
    if helper := file.helper_for(domain):
        program = HelperProgram(helper)
        await program.store(server_key(domain), credential)
        return LoggedIn(domain, credential.username, program.program, in_the_clear=False)
    try:
        await asyncio.to_thread(keep, own, domain, credential)
    except OSError as error:
        raise _cannot_write(own, error) from error
    return LoggedIn(domain, credential.username, str(own), in_the_clear=True)


async def logout(settings: Settings, domain: str) -> LoggedOut:
    """Forget the credential that a login kept."""
    own = _own_file(settings)
    file = await asyncio.to_thread(CredentialFile.read, own)
    removed = False
    if helper := file.helper_for(domain):
        program = HelperProgram(helper)
        removed = await program.get(server_key(domain)) is not None
        await program.erase(server_key(domain))
    try:
        removed = await asyncio.to_thread(forget, own, domain) or removed
    except OSError as error:
        raise _cannot_write(own, error) from error
    others = [await asyncio.to_thread(CredentialFile.read, path) for path in settings.credential_files[1:]]
    still = tuple(each.path for each in others if each.credential(domain) or each.helper_for(domain))
    return LoggedOut(domain, removed, still)


def _own_file(settings: Settings) -> Path:
    if not settings.credential_files:
        raise Unavailable("the settings name no file to keep credentials in")
    return settings.credential_files[0]


def _cannot_write(path: Path, error: OSError) -> PermissionDenied:
    return PermissionDenied(
        f"{path} cannot be written: {error.strerror}", hint="check who owns its directory"
    )
