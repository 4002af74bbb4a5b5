"""Credential helpers: programs called `docker-credential-<name>` that keep passwords.

Source: docker/docker-credential-helpers, "Development": the command is the first argument (`get`, `store`,
`erase`), what it works on comes on standard input, the answer on standard output.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
from contextlib import suppress

from engine.errors import InvalidArgument, LaminaError, Unavailable
from engine.oci.quote import quoted
from engine.oci.strict import read_object
from engine.registry.credentials import TOKEN_USER, Credential

_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
_LIMIT = 64 << 10  # bytes of an answer
_SECONDS = 20.0  # some ask a person for the key's password first
_NOT_FOUND = "credentials not found"
_ANSWER_KEYS = ("ServerURL", "Username", "Secret")


class HelperProgram:
    """One helper.

    :param name: as in `credsStore`, without `docker-credential-`.
    :param seconds: after which it is killed.
    """

    def __init__(self, name: str, *, seconds: float = _SECONDS) -> None:
        if not re.fullmatch(_NAME, name):
            raise InvalidArgument(f"no credential helper can be called {quoted(name)}")
        self.program = f"docker-credential-{name}"
        self._seconds = seconds

    async def get(self, server: str) -> Credential | None:
        """The credential for a server; None where the helper has none.

        :raises Unavailable: it is not installed, fails, or does not answer.
        """
        code, out = await self._call("get", server.encode())
        if code != 0:
            if _NOT_FOUND in out.decode("utf-8", "replace"):
                return None
            raise self._failed("get", out)
        try:
            fields = read_object(out, "answer", _LIMIT, _ANSWER_KEYS)
            username, secret = fields.text("Username", ""), fields.text("Secret", "")
        except LaminaError:
            # Not the reader's message: what it quotes could be the password.
            raise Unavailable(f"{self.program} gave an answer that is not what the protocol asks") from None
        if username == TOKEN_USER:
            return Credential("", "", secret)
        return Credential(username, secret) if username else None

    async def store(self, server: str, credential: Credential) -> None:
        """Let the helper keep a credential.

        :raises Unavailable: it does not.
        """
        username = TOKEN_USER if credential.identity_token else credential.username
        secret = credential.identity_token or credential.secret
        document = {"ServerURL": server, "Username": username, "Secret": secret}
        code, out = await self._call("store", json.dumps(document).encode())
        if code != 0:
            raise self._failed("store", out)

    async def erase(self, server: str) -> None:
        """Let the helper forget a credential; nothing happens when it has none.

        :raises Unavailable: it fails.
        """
        code, out = await self._call("erase", server.encode())
        if code != 0 and _NOT_FOUND not in out.decode("utf-8", "replace"):
            raise self._failed("erase", out)

    async def _call(self, command: str, said: bytes) -> tuple[int, bytes]:
        path = shutil.which(self.program)
        if path is None:
            raise Unavailable(
                f"the credential helper {self.program} is not installed",
                hint="install it, or take its name out of Docker's config.json",
            )
        process = await asyncio.create_subprocess_exec(
            path,
            command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # so that what it started can be killed with it
        )
        try:
            async with asyncio.timeout(self._seconds):
                return await _spoken(process, said)
        except TimeoutError:
            raise Unavailable(
                f"{self.program} {command} does not answer in {self._seconds:g} seconds",
                hint="call it by hand to see what it waits for",
            ) from None
        except OSError as error:
            raise Unavailable(f"{self.program} {command} cannot be spoken to: {error.strerror}") from error
        finally:
            await _ended(process)

    def _failed(self, command: str, out: bytes) -> Unavailable:
        said = quoted(out.decode("utf-8", "replace").strip())[1:-1]
        return Unavailable(f"{self.program} {command} fails: {said or 'it does not say why'}")


async def _spoken(process: asyncio.subprocess.Process, said: bytes) -> tuple[int, bytes]:
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(BrokenPipeError, ConnectionResetError):  # it may know the answer without listening
        process.stdin.write(said)
        await process.stdin.drain()
    process.stdin.close()
    out = bytearray()
    while chunk := await process.stdout.read(_LIMIT):
        out += chunk
        if len(out) > _LIMIT:
            raise Unavailable(f"a credential helper answers with more than {_LIMIT} bytes")
    return await process.wait(), bytes(out)


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Nothing of the helper is left, whatever happened."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
