"""The distribution protocol from the side of whoever pushes: only what the other side lacks travels.

Source: OCI distribution-spec 1.1, "Push".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from http import HTTPStatus
from typing import Self
from urllib.parse import quote, urlencode

from engine.errors import DigestMismatch, NotFound, PermissionDenied, Unavailable
from engine.oci import Descriptor, Digest, Reference
from engine.oci.manifest import MANIFEST_LIMIT
from engine.registry.connections import location
from engine.registry.credentials import CredentialSource
from engine.registry.retry import RetryPolicy
from engine.registry.served import served_domain
from engine.registry.transport import Request, Transport
from engine.registry.uploads import OnSent, Read, Session, Upload, at_home
from engine.settings import Settings

_MOUNTS = 3  # repositories that are tried to mount one blob from


class Outcome(StrEnum):
    """How a blob came to be on the other side."""

    THERE = "there"  # it was
    MOUNTED = "mounted"  # from another repository of the same registry
    SENT = "sent"


class RegistryPusher:
    """Writes images to registries; an async context manager that owns its connections.

    :param sources: other repositories, by path, that blobs may be mounted from; the token asks to read them.

    All its calls raise `NotFound`, `Unauthorized`, `PermissionDenied`, `Unavailable`, `DigestMismatch`
    and `Malformed`.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        sources: Sequence[str] = (),
        credentials: CredentialSource | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        self._transport = Transport(settings, retry or RetryPolicy(), credentials)
        self._run = settings.run
        self._sources = tuple(sorted(set(sources)))

    async def __aenter__(self) -> Self:
        await self._transport.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._transport.__aexit__()

    async def has_blob(self, ref: Reference, descriptor: Descriptor) -> bool:
        """Whether the repository has a blob, of the size it should have."""
        what = _name(ref, descriptor)
        request = self._request(ref, f"/v2/{ref.path}/blobs/{descriptor.digest}", what)
        wanted = replace(request, method="HEAD", success=(HTTPStatus.OK, HTTPStatus.NOT_FOUND))
        answer = await self._transport.fetch(wanted, 0)
        length = answer.headers.get("Content-Length", "")
        return answer.status == HTTPStatus.OK and length in ("", str(descriptor.size))

    async def push_blob(
        self,
        ref: Reference,
        descriptor: Descriptor,
        read: Read,
        *,
        mounts: Sequence[str] = (),
        on_sent: OnSent = lambda _: None,
    ) -> Outcome:
        """Let a repository have a blob.

        :param read: the blob's bytes from an offset on; not called where the other side has them.
        :param mounts: paths of repositories on the same registry that should have it.
        :param on_sent: called with the number of bytes on the other side, as they go.
        """
        if await self.has_blob(ref, descriptor):
            return Outcome.THERE
        session: Session | None = None
        for source in mounts[:_MOUNTS]:
            mounted, session = await self._mount(ref, descriptor, source)
            if mounted:
                return Outcome.MOUNTED
        request = self._request(ref, f"/v2/{ref.path}/blobs/uploads/", _name(ref, descriptor))

        async def is_there() -> bool:
            return await self.has_blob(ref, descriptor)

        await Upload(self._transport, request, descriptor, read, on_sent, is_there).run(session)
        return Outcome.SENT

    async def push_manifest(self, ref: Reference, raw: bytes, media_type: str) -> Digest:
        """Give a repository a manifest or index, under the tag of `ref` or else under its digest.

        :raises DigestMismatch: the registry says that it keeps something else.
        """
        digest = Digest.of(raw)
        path = f"/v2/{ref.path}/manifests/{quote(ref.tag or digest, safe=':')}"
        request = replace(
            self._request(ref, path, f"manifest of {ref.familiar}"),
            method="PUT",
            headers={"Content-Type": media_type},
            success=(HTTPStatus.CREATED, HTTPStatus.OK, HTTPStatus.ACCEPTED),
            body=raw,
        )
        answer = await self._transport.fetch(request, MANIFEST_LIMIT)
        said = answer.headers.get("Docker-Content-Digest", digest)
        if said.startswith("sha256:") and said != digest:
            raise DigestMismatch(f"{ref.familiar}: {request.domain} keeps {said[:100]!r} instead of {digest}")
        return digest

    async def has_manifest(self, ref: Reference, digest: Digest) -> bool:
        """Whether the repository has a manifest."""
        request = self._request(ref, f"/v2/{ref.path}/manifests/{digest}", str(ref))
        wanted = replace(request, method="HEAD", success=(HTTPStatus.OK, HTTPStatus.NOT_FOUND))
        return (await self._transport.fetch(wanted, 0)).status == HTTPStatus.OK

    async def _mount(
        self, ref: Reference, descriptor: Descriptor, source: str
    ) -> tuple[bool, Session | None]:
        """Whether the blob is there now; else the upload that the registry may have begun instead."""
        query = urlencode({"mount": descriptor.digest, "from": source})
        path = f"/v2/{ref.path}/blobs/uploads/?{query}"
        request = replace(
            self._request(ref, path, _name(ref, descriptor)),
            method="POST",
            success=(HTTPStatus.CREATED, HTTPStatus.ACCEPTED),
            body=b"",
        )
        try:
            answer = await self._transport.fetch(request, MANIFEST_LIMIT)
        except (NotFound, PermissionDenied, Unavailable):
            return False, None  # not to be read by us, or not known: then it is sent
        if answer.status == HTTPStatus.CREATED:
            return True, None
        base = self._transport.url(request.domain)
        return False, Session(at_home(base, location(f"{base}/v2/", answer.headers.get("Location", ""))))

    def _request(self, ref: Reference, path: str, what: str) -> Request:
        own = f"repository:{ref.path}:pull,push"
        others = (f"repository:{source}:pull" for source in self._sources if source != ref.path)
        domain = served_domain(self._run, ref.repository) or ref.domain
        return Request(domain, (own, *others), path, what, {"Accept": "*/*"})


def _name(ref: Reference, descriptor: Descriptor) -> str:
    return f"blob {descriptor.digest.short} of {ref.repository}"
