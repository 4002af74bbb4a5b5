"""One file in the format of Docker's `config.json`, as far as it is about credentials.

    {"auths": {"host": {"auth": "<base64 of user:password>", "identitytoken": "…"}},
     "credHelpers": {"host": "name"}, "credsStore": "name"}

Source: docker/cli, `cli/config/configfile/file.go`.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from engine.errors import InvalidArgument, LaminaError
from engine.oci.strict import Fields, read_object
from engine.registry.credentials import Credential, names_registry, server_key
from engine.registry.draft import write_draft

_LIMIT = 1 << 20  # bytes
_KEYS = ("auths", "credHelpers", "credsStore")
_ENTRY_KEYS = ("auth", "username", "password", "identitytoken", "registrytoken", "email")
_MODE = 0o600


@dataclass(frozen=True, slots=True)
class CredentialFile:
    """What one file says of credentials.

    :param auths: by the key they are filed under.
    """

    path: Path
    auths: Mapping[str, Credential] = field(default_factory=dict, repr=False)
    helpers: Mapping[str, str] = field(default_factory=dict)
    store: str = ""

    @classmethod
    def read(cls, path: Path) -> Self:
        """The file at `path`; empty where there is none, or none that this user may read.

        :raises InvalidArgument: it is not valid; names the file.
        """
        try:
            raw = _load(path)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            return cls(path)
        try:
            fields = read_object(raw, "file", _LIMIT, _KEYS)
        except LaminaError:
            # Not the reader's message: what it quotes could be a password.
            raise InvalidArgument(
                f"{path} is not a JSON object that all readers read alike", hint="mend or remove the file"
            ) from None
        try:
            auths = fields.fields("auths", ())
            return cls(
                path,
                {key: _entry(auths.fields(key, _ENTRY_KEYS)) for key in auths.keys()},  # noqa: SIM118
                fields.table("credHelpers"),
                fields.text("credsStore", ""),
            )
        except LaminaError as error:
            # This message names keys and never a value.
            raise InvalidArgument(f"{path}: {error.message}", hint="mend the file, or log in anew") from None

    def helper_for(self, domain: str) -> str:
        """The helper that keeps a registry's credential; "" where none does."""
        for key, name in self.helpers.items():
            if names_registry(key, domain):
                return name
        return self.store

    def credential(self, domain: str) -> Credential | None:
        """What the file itself holds for a registry; an exact key wins over an older spelling."""
        exact = self.auths.get(server_key(domain))
        if exact is not None and _says_who(exact):
            return exact
        for key, found in self.auths.items():
            if names_registry(key, domain) and _says_who(found):
                return found
        return None


def keep(path: Path, domain: str, credential: Credential) -> None:
    """Write a credential into a file, 0600, leaving everything else in it as it is.

    :raises InvalidArgument: the file is not valid.
    :raises OSError: it cannot be written.
    """
    pair = f"{credential.username}:{credential.secret}".encode()
    entry = {"auth": base64.b64encode(pair).decode()}
    if credential.identity_token:
        entry["identitytoken"] = credential.identity_token

    def change(auths: dict[str, object]) -> None:
        auths[server_key(domain)] = entry

    _change(path, change)


def forget(path: Path, domain: str) -> bool:
    """Take a registry's credentials out of a file; whether there were any.

    :raises InvalidArgument: the file is not valid.
    :raises OSError: it cannot be written.
    """
    found = [key for key in CredentialFile.read(path).auths if names_registry(key, domain)]
    if not found:
        return False

    def change(auths: dict[str, object]) -> None:
        for key in found:
            auths.pop(key, None)

    _change(path, change)
    return True


def _change(path: Path, change: Callable[[dict[str, object]], None]) -> None:
    """Change the `auths` of a file, alone: two logins at the same time both stay."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        CredentialFile.read(path)  # refuses what is not valid, before it is written anew
        try:
            document = json.loads(_load(path))
        except FileNotFoundError:
            document = {}
        change(document.setdefault("auths", {}))
        write_draft(path, json.dumps(document, indent=2).encode() + b"\n", _MODE)
    finally:
        os.close(lock)


def _load(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_LIMIT + 1)


def _says_who(credential: Credential) -> bool:
    return bool(credential.identity_token or credential.username)


def _entry(fields: Fields) -> Credential:
    username, secret = fields.text("username", ""), fields.text("password", "")
    if pair := fields.text("auth", ""):
        username, secret = _decoded(fields, pair)
    return Credential(username, secret, fields.text("identitytoken", ""))


def _decoded(fields: Fields, pair: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(pair, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        fields.fail("auth", "base64 of user:password")
    username, colon, secret = text.rstrip("\0").partition(":")
    return (username, secret) if colon else fields.fail("auth", "base64 of user:password")
