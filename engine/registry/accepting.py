"""What makes the embedded registry take images: uploads of blobs in parts, mounts, manifests.

Source: OCI distribution-spec 1.1, "Push".
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import aiofiles
from aiohttp import web

from engine.errors import DigestMismatch, LimitExceeded, Malformed, NotFound
from engine.oci import Digest
from engine.oci.manifest import MANIFEST_LIMIT
from engine.registry.directory import RegistryDirectory

_MANY = 64  # uploads open at one time


@dataclass(slots=True)
class _Open:
    """One upload under way.

    :param busy: one request at a time writes to it.
    """

    path: Path
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def size(self) -> int:
        return self.path.stat().st_size


class Uploads:
    """The writing half of a registry over a directory."""

    def __init__(self, directory: RegistryDirectory) -> None:
        self._directory = directory
        self._open: dict[str, _Open] = {}

    def routes(self) -> list[web.RouteDef]:
        """What it answers."""
        upload = "/v2/{name:.+}/blobs/uploads/{id:[0-9a-f]{32}}"
        return [
            web.post("/v2/{name:.+}/blobs/uploads/", self._begin),
            web.get(upload, self._where),
            web.patch(upload, self._append),
            web.put(upload, self._finish),
            web.delete(upload, self._cancel),
            web.put("/v2/{name:.+}/manifests/{reference}", self._manifest),
        ]

    def close(self) -> None:
        """Forget what was not finished."""
        for upload in self._open.values():
            upload.path.unlink(missing_ok=True)
        self._open.clear()

    async def _begin(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if mount := request.query.get("mount"):
            digest = Digest.parse(mount)
            if self._directory.blob(digest).is_file():
                return _created(f"/v2/{name}/blobs/{digest}", digest)
        if len(self._open) >= _MANY:
            raise LimitExceeded(f"more than {_MANY} uploads at a time")
        descriptor, path = tempfile.mkstemp(prefix=".upload-", dir=self._directory.root)
        os.close(descriptor)
        identifier = os.urandom(16).hex()
        self._open[identifier] = _Open(Path(path))
        return _accepted(name, identifier, 0)

    async def _where(self, request: web.Request) -> web.Response:
        name, identifier, upload = self._found(request)
        return _accepted(name, identifier, upload.size, status=204)

    async def _append(self, request: web.Request) -> web.Response:
        name, identifier, upload = self._found(request)
        async with upload.busy:
            _check_range(request, upload.size)
            await _write(request, upload.path)
            return _accepted(name, identifier, upload.size)

    async def _finish(self, request: web.Request) -> web.Response:
        name, identifier, upload = self._found(request)
        digest = Digest.parse(request.query.get("digest", ""))
        async with upload.busy:
            await _write(request, upload.path)
            del self._open[identifier]
            try:
                await asyncio.to_thread(self._keep, upload.path, digest)
            finally:
                upload.path.unlink(missing_ok=True)
        return _created(f"/v2/{name}/blobs/{digest}", digest)

    async def _cancel(self, request: web.Request) -> web.Response:
        _, identifier, upload = self._found(request)
        del self._open[identifier]
        upload.path.unlink(missing_ok=True)
        return web.Response(status=204)

    async def _manifest(self, request: web.Request) -> web.Response:
        name, reference = request.match_info["name"], request.match_info["reference"]
        raw = await request.content.read(MANIFEST_LIMIT + 1)
        while len(raw) <= MANIFEST_LIMIT and (more := await request.content.read(MANIFEST_LIMIT)):
            raw += more
        if len(raw) > MANIFEST_LIMIT:
            raise LimitExceeded(f"the manifest has more than {MANIFEST_LIMIT} bytes")
        digest = Digest.of(raw)
        if ":" in reference and Digest.parse(reference) != digest:
            raise DigestMismatch("the manifest is not what its digest says")
        tag = None if ":" in reference else reference
        await asyncio.to_thread(self._directory.add_manifest, name, tag, raw, request.content_type)
        return _created(f"/v2/{name}/manifests/{digest}", digest)

    def _found(self, request: web.Request) -> tuple[str, str, _Open]:
        identifier = request.match_info["id"]
        upload = self._open.get(identifier)
        if upload is None:
            raise NotFound("no such upload")
        return request.match_info["name"], identifier, upload

    def _keep(self, path: Path, digest: Digest) -> None:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
            if found != digest.hex:
                raise DigestMismatch("the blob is not what its digest says")
            file.seek(0)
            self._directory.add_blob(file)


async def _write(request: web.Request, path: Path) -> None:
    """Append what comes, and keep it also where the connection breaks."""
    async with aiofiles.open(path, "ab") as file:
        async for chunk in request.content.iter_any():
            await file.write(chunk)


def _check_range(request: web.Request, size: int) -> None:
    value = request.headers.get("Content-Range", "")
    match = re.fullmatch(r"(?:bytes )?(\d{1,18})-\d{1,18}(?:/[\d*]+)?", value, re.ASCII)
    if value and not match:
        raise Malformed("no range of bytes")
    if match and int(match[1]) != size:
        raise web.HTTPRequestRangeNotSatisfiable(headers={"Range": _range(size)})


def _range(size: int) -> str:
    return f"0-{max(0, size - 1)}"


def _accepted(name: str, identifier: str, size: int, status: int = 202) -> web.Response:
    headers = {
        "Location": f"/v2/{name}/blobs/uploads/{identifier}",
        "Range": _range(size),
        "Docker-Upload-UUID": identifier,
    }
    return web.Response(status=status, headers=headers)


def _created(to: str, digest: Digest) -> web.Response:
    return web.Response(status=201, headers={"Location": to, "Docker-Content-Digest": digest})
