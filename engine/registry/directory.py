"""What the embedded server serves: a directory of blobs, and of names for some of them.

    blobs/sha256/<hex>                      manifests, configs and layers as they travel
    repositories/<name>/_tags/<tag>         JSON: media type, digest and size of a manifest
    repositories/<name>/_manifests/<hex>    the same, by digest

No component of a repository's name starts with an underscore, so names and these directories never meet.
All writes are atomic, so a server may read while a writer writes.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from engine.errors import Malformed, NotFound
from engine.oci import Descriptor, Digest, Reference
from engine.oci.strict import read_object
from engine.registry.draft import Draft, write_draft

_CHUNK = 1 << 20
_ENTRY_LIMIT = 4096  # bytes
_ENTRY_KEYS = ("mediaType", "digest", "size")


class RegistryDirectory:
    """A directory of images in the form they travel in. Calls block.

    :param root: made where it does not exist.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = Path(root)
        self._blobs = self.root / "blobs" / "sha256"
        self._repositories = self.root / "repositories"
        self._blobs.mkdir(parents=True, exist_ok=True)
        self._repositories.mkdir(exist_ok=True)

    def add_blob(self, content: bytes | BinaryIO, media_type: str = "application/octet-stream") -> Descriptor:
        """Keep `content`, read to its end, and describe it."""
        stream = io.BytesIO(content) if isinstance(content, bytes) else content
        hasher, size = hashlib.sha256(), 0
        with Draft(self._blobs) as draft:
            while chunk := stream.read(_CHUNK):
                hasher.update(chunk)
                draft.file.write(chunk)
                size += len(chunk)
            digest = Digest.from_hex(hasher.hexdigest())
            draft.publish(self._blobs / digest.hex)
        return Descriptor(media_type, digest, size)

    def add_manifest(self, name: str, tag: str | None, raw: bytes, media_type: str) -> Descriptor:
        """Keep a manifest or index, and name it.

        :param name: repository, such as `lab/web`.
        :param tag: None for a manifest that only an index names.
        :raises InvalidArgument: no repository or tag can be called so.
        """
        repository = self._repository(name, tag or "latest")
        descriptor = self.add_blob(raw, media_type)
        entry = json.dumps({"mediaType": media_type, "digest": descriptor.digest, "size": len(raw)}).encode()
        write_draft(repository / "_manifests" / descriptor.digest.hex, entry)
        if tag is not None:
            write_draft(repository / "_tags" / tag, entry)
        return descriptor

    def manifest(self, name: str, reference: str) -> Descriptor:
        """The manifest or index that `name` has under a tag or digest.

        :raises NotFound: it has none.
        :raises InvalidArgument: nothing can be called so.
        """
        if ":" in reference:
            path = self._repository(name, "latest") / "_manifests" / Digest.parse(reference).hex
        else:
            path = self._repository(name, reference) / "_tags" / reference
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            raise NotFound(f"{name} has no manifest {reference}") from None
        fields = read_object(raw, str(path), _ENTRY_LIMIT, _ENTRY_KEYS)
        return Descriptor(
            fields.text("mediaType"), Digest.parse(fields.text("digest")), fields.integer("size")
        )

    def blob(self, digest: Digest) -> Path:
        """Where the blob lies, or would lie."""
        return self._blobs / digest.hex

    def tags(self, name: str) -> list[str]:
        """The repository's tags, sorted.

        :raises NotFound: there is no such repository.
        """
        repository = self._repository(name, "latest")
        if not repository.is_dir():
            raise NotFound(f"no repository {name}")
        with suppress(FileNotFoundError):
            return sorted(entry for entry in os.listdir(repository / "_tags") if not entry.startswith("."))
        return []

    def repositories(self) -> list[str]:
        """The names of all repositories, sorted."""
        marks = self._repositories.glob("**/_manifests")
        return sorted(mark.parent.relative_to(self._repositories).as_posix() for mark in marks)

    def _repository(self, name: str, tag: str) -> Path:
        # The grammar of references has no `..`, no empty component and no leading underscore.
        ref = Reference.parse(f"localhost/{name}:{tag}")
        if (ref.path, ref.tag) != (name, tag):
            raise Malformed("not a repository and a tag")
        return self._repositories / ref.path
