"""The distribution protocol from the client's side: manifests, configs, blobs and tags.

Source: OCI distribution-spec 1.1.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import replace
from typing import Self
from urllib.parse import quote

from engine.errors import DigestMismatch, LimitExceeded, Malformed, NotFound, PermissionDenied, Unavailable
from engine.oci import Descriptor, Digest, Reference, media
from engine.oci.config import CONFIG_LIMIT
from engine.oci.manifest import MANIFEST_LIMIT
from engine.oci.quote import quoted
from engine.registry.blobs import stream_blob
from engine.registry.credentials import CredentialSource
from engine.registry.limits import RateLimit
from engine.registry.lists import list_repositories, list_tags
from engine.registry.retry import RetryPolicy
from engine.registry.served import served_domain
from engine.registry.transport import Answer, Request, Transport
from engine.settings import Settings

_ACCEPT = ", ".join((media.OCI_INDEX, media.OCI_MANIFEST, media.DOCKER_INDEX, media.DOCKER_MANIFEST))
# What lets another registry be asked in place of a mirror.
_PASSED_ON = (NotFound, PermissionDenied, Unavailable)


class RegistryClient:
    """Reads images from registries; an async context manager that owns its connections.

    What a server of this machine announces (`engine.registry.served`) is asked there.

    :param credentials: who we are to registries; what the settings' files say where None.
    :param retry: how patient it is with registries that fail.

    All its calls raise `NotFound`, `Unauthorized`, `PermissionDenied`, `Unavailable`, `DigestMismatch`,
    `Malformed` and `LimitExceeded`.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        credentials: CredentialSource | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        self._transport = Transport(settings, retry or RetryPolicy(), credentials)
        self._settings = settings

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
        answer = await self._fetch(_blob_request(ref, descriptor, what), ref, descriptor.size)
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
        return self._blob(ref, _blob_request(ref, descriptor, what), descriptor, offset)

    async def digest(self, ref: Reference) -> Digest | None:
        """What the registry says is the digest of the manifest or index that `ref` names, by HEAD.

        Costs nothing where pulls are counted. It is the registry's word, which only `resolve` verifies.

        :returns: None where the registry does not say.
        """
        path = f"/v2/{ref.path}/manifests/{quote(ref.digest or ref.tag or '', safe=':')}"
        request = Request("", _pull(ref), path, str(ref), {"Accept": _ACCEPT}, method="HEAD")
        answer = await self._fetch(request, ref, 0)
        said = answer.headers.get("Docker-Content-Digest", "")
        return Digest.parse(said) if said.startswith("sha256:") else None

    async def tags(self, ref: Reference) -> list[str]:
        """The tags of the repository that `ref` is in, in the registry's order."""
        return await list_tags(self._transport, self._domain(ref), ref)

    async def repositories(self, domain: str) -> list[str]:
        """The repositories that a registry lists.

        :raises NotSupported: it lists none; most public ones do not.
        """
        return await list_repositories(self._transport, domain)

    async def check(self, domain: str) -> None:
        """Ask whether a registry lets us in.

        :raises Unauthorized: it does not.
        """
        request = Request(domain, (), "/v2/", domain, {"Accept": "application/json"})
        await self._transport.fetch(request, MANIFEST_LIMIT)

    def rate_limit(self, ref: Reference) -> RateLimit | None:
        """What the registry of `ref` said last of how many more pulls it grants; None where it does not."""
        return self._transport.rate_limits.get(self._domain(ref))

    def notes(self, ref: Reference) -> tuple[str, ...]:
        """What a person should know of the registry of `ref` after a pull."""
        limit = self.rate_limit(ref)
        return (f"{ref.domain}: {limit}",) if limit is not None and limit.is_nearly_used_up else ()

    async def _manifest(self, ref: Reference, name: str, what: str) -> Answer:
        path = f"/v2/{ref.path}/manifests/{quote(name, safe=':')}"
        return await self._fetch(
            Request("", _pull(ref), path, what, {"Accept": _ACCEPT}), ref, MANIFEST_LIMIT
        )

    async def _fetch(self, request: Request, ref: Reference, limit: int) -> Answer:
        """The answer of the first registry that has one."""
        own = self._domain(ref)
        for mirror in self._mirrors(own):
            try:
                return await self._transport.fetch(replace(request, domain=mirror, brief=True), limit)
            except _PASSED_ON:
                continue
        return await self._transport.fetch(replace(request, domain=own), limit)

    async def _blob(
        self, ref: Reference, request: Request, descriptor: Descriptor, offset: int
    ) -> AsyncGenerator[bytes, None]:
        own = self._domain(ref)
        for mirror in self._mirrors(own):
            chunks = stream_blob(
                self._transport, replace(request, domain=mirror, brief=True), descriptor, offset
            )
            try:
                async with aclosing(chunks):
                    async for chunk in chunks:
                        offset += len(chunk)
                        yield chunk
            except _PASSED_ON:
                continue  # its bytes are verified by whoever reads: another registry's go on after them
            return
        chunks = stream_blob(self._transport, replace(request, domain=own), descriptor, offset)
        async with aclosing(chunks):
            async for chunk in chunks:
                yield chunk

    def _mirrors(self, domain: str) -> Iterator[str]:
        return (mirror for mirror in self._settings.mirrors.get(domain, ()) if mirror != domain)

    def _domain(self, ref: Reference) -> str:
        """The registry to ask: the one in the name, but for what this machine serves itself."""
        return served_domain(self._settings.run, ref.repository) or ref.domain


def _pull(ref: Reference) -> tuple[str, ...]:
    return (f"repository:{ref.path}:pull",)


def _blob_request(ref: Reference, descriptor: Descriptor, what: str) -> Request:
    path = f"/v2/{ref.path}/blobs/{descriptor.digest}"
    return Request("", _pull(ref), path, what, {"Accept": "*/*"})


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
