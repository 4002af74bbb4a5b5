"""The distribution protocol from the client's side: manifests, configs, blobs and tags.

Source: OCI distribution-spec 1.1.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from typing import Self
from urllib.parse import quote, urljoin, urlsplit

from engine.errors import DigestMismatch, LimitExceeded, Malformed
from engine.oci import Descriptor, Digest, Reference, media
from engine.oci.config import CONFIG_LIMIT
from engine.oci.manifest import MANIFEST_LIMIT
from engine.oci.quote import quoted
from engine.oci.strict import read_object
from engine.registry.blobs import stream_blob
from engine.registry.retry import RetryPolicy
from engine.registry.served import served_domain
from engine.registry.transport import Answer, Request, Transport
from engine.settings import Settings

_ACCEPT = ", ".join((media.OCI_INDEX, media.OCI_MANIFEST, media.DOCKER_INDEX, media.DOCKER_MANIFEST))
_TAGS_LIMIT = 4 << 20  # bytes of one page
_PAGE = 1000  # tags asked for at once
_PAGES = 100


class RegistryClient:
    """Reads images from registries; an async context manager that owns its connections.

    What a server of this machine announces (`engine.registry.served`) is asked there.

    :param retry: how patient it is with registries that fail.

    All its calls raise `NotFound`, `Unauthorized`, `PermissionDenied`, `Unavailable`, `DigestMismatch`,
    `Malformed` and `LimitExceeded`.
    """

    def __init__(self, settings: Settings, *, retry: RetryPolicy | None = None) -> None:
        self._transport = Transport(settings.insecure_registries, retry or RetryPolicy())
        self._run = settings.run

    async def __aenter__(self) -> Self:
        await self._transport.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._transport.__aexit__()

    async def resolve(self, ref: Reference) -> tuple[Descriptor, bytes]:
        """The manifest or index that `ref` names; a digest in it wins over the tag and is verified."""
        answer = await self._manifest(ref, ref.digest or ref.tag or "", str(ref))
        digest = Digest.of(answer.body)
        _check_header(answer, digest, str(ref))
        if ref.digest and digest != ref.digest:
            raise _mismatch(str(ref), ref.digest, digest)
        return Descriptor(_media_type(answer), digest, len(answer.body)), answer.body

    async def manifest(self, ref: Reference, descriptor: Descriptor) -> bytes:
        """The manifest that an index of `ref` names, its size and digest verified."""
        what = f"manifest {descriptor.digest.short} of {ref.repository}"
        _check_size(descriptor, MANIFEST_LIMIT, what)
        answer = await self._manifest(ref, descriptor.digest, what)
        _check_body(answer, descriptor, what)
        sent_as = _media_type(answer)
        if sent_as in media.MANIFESTS | media.INDEXES and sent_as != descriptor.media_type:
            raise Malformed(
                f"{what} was sent as {quoted(sent_as)}, but is called {quoted(descriptor.media_type)}"
            )
        return answer.body

    async def config(self, ref: Reference, descriptor: Descriptor) -> bytes:
        """The image config that a manifest of `ref` names, its size and digest verified."""
        what = f"config {descriptor.digest.short} of {ref.repository}"
        _check_size(descriptor, CONFIG_LIMIT, what)
        answer = await self._transport.fetch(self._blob_request(ref, descriptor, what), descriptor.size)
        _check_body(answer, descriptor, what)
        return answer.body

    def blob(self, ref: Reference, descriptor: Descriptor, offset: int = 0) -> AsyncGenerator[bytes, None]:
        """The bytes of a blob from `offset` on, in chunks as they arrive.

        A broken connection is taken up again where it broke. Never more than `descriptor.size` bytes come,
        and fewer only with an error; their digest is for the reader to verify, who has the bytes before
        `offset`.
        Whoever stops early closes the generator (`contextlib.aclosing`).
        """
        what = f"layer {descriptor.digest.short} of {ref.repository}"
        return stream_blob(self._transport, self._blob_request(ref, descriptor, what), descriptor, offset)

    async def tags(self, ref: Reference) -> list[str]:
        """The tags of the repository that `ref` is in, in the registry's order."""
        path = f"/v2/{ref.path}/tags/list"
        page = f"{path}?n={_PAGE}"
        found: list[str] = []
        for _ in range(_PAGES):
            request = Request(
                self._domain(ref), ref.path, page, ref.repository, {"Accept": "application/json"}
            )
            answer = await self._transport.fetch(request, _TAGS_LIMIT)
            found.extend(
                read_object(answer.body, "list of tags", _TAGS_LIMIT, ("name", "tags")).texts("tags")
            )
            following = _next_page(answer, page)
            if following is None:
                return found
            page = following
        raise LimitExceeded(f"{ref.repository} has more than {len(found)} tags")

    async def _manifest(self, ref: Reference, name: str, what: str) -> Answer:
        path = f"/v2/{ref.path}/manifests/{quote(name, safe=':')}"
        request = Request(self._domain(ref), ref.path, path, what, {"Accept": _ACCEPT})
        return await self._transport.fetch(request, MANIFEST_LIMIT)

    def _blob_request(self, ref: Reference, descriptor: Descriptor, what: str) -> Request:
        path = f"/v2/{ref.path}/blobs/{descriptor.digest}"
        return Request(self._domain(ref), ref.path, path, what, {"Accept": "*/*"})

    def _domain(self, ref: Reference) -> str:
        """The registry to ask: the one in the name, but for what this machine serves itself."""
        return served_domain(self._run, ref.repository) or ref.domain


def _media_type(answer: Answer) -> str:
    return answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _check_size(descriptor: Descriptor, limit: int, what: str) -> None:
    if descriptor.size > limit:
        raise LimitExceeded(f"{what} has {descriptor.size} bytes, more than {limit}")


def _check_body(answer: Answer, descriptor: Descriptor, what: str) -> None:
    digest = Digest.of(answer.body)
    if digest != descriptor.digest:
        raise _mismatch(what, descriptor.digest, digest)
    if len(answer.body) != descriptor.size:
        raise DigestMismatch(
            f"{what} has {len(answer.body)} bytes, though its size should be {descriptor.size}"
        )


def _check_header(answer: Answer, digest: Digest, what: str) -> None:
    said = answer.headers.get("Docker-Content-Digest", "")
    if said.startswith("sha256:") and said != digest:
        raise _mismatch(what, Digest.parse(said), digest)


def _mismatch(what: str, wanted: Digest, got: Digest) -> DigestMismatch:
    return DigestMismatch(
        f"{what}: the registry sent {got.short}, not {wanted.short}",
        hint="the registry's copy is damaged, or somebody changes it on its way",
    )


def _next_page(answer: Answer, page: str) -> str | None:
    match = re.match(r'<([^>]+)>\s*;[^,]*\brel="?next"?', answer.headers.get("Link", ""))
    if not match:
        return None
    # Some registries write an address of their own, not the one we know them by: the path is enough.
    parts = urlsplit(urljoin(page, match[1]))
    rest = f"{parts.path}?{parts.query}"
    if not parts.path.startswith("/v2/") or not rest.isascii() or not rest.isprintable() or " " in rest:
        raise Malformed(f"the registry's list of tags goes on at no address: {quoted(match[1])}")
    return rest
