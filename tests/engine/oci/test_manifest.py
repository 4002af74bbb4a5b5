"""Manifests and indexes are read strictly, and what is no image is named as what it is."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import LaminaError, LimitExceeded, Malformed, NotFound, NotSupported
from engine.oci import Descriptor, Digest, Index, Manifest, Platform, choose, media, parse_document
from engine.oci.manifest import LAYERS_LIMIT, MANIFEST_LIMIT
from tests.engine.oci.documents import (
    CONFIG_DIGEST,
    LAYER_DIGESTS,
    descriptor,
    dump,
    entry,
    index,
    manifest,
)

AMD64 = Platform("linux", "amd64")


def parse_index(document: dict[str, Any]) -> Index:
    found = parse_document(dump(document))
    assert isinstance(found, Index)
    return found


def test_an_oci_manifest_gives_its_config_and_layers_base_first() -> None:
    raw = dump(manifest(annotations={"a": "b"}))
    found = parse_document(raw, media.OCI_MANIFEST)
    assert isinstance(found, Manifest)
    assert found.config == Descriptor(media.OCI_CONFIG, CONFIG_DIGEST, 7)
    assert [layer.digest for layer in found.layers] == list(LAYER_DIGESTS)
    assert (found.annotations, found.digest, found.raw) == ({"a": "b"}, Digest.of(raw), raw)


def test_a_docker_schema_2_manifest_is_read_alike() -> None:
    document = manifest(
        mediaType=media.DOCKER_MANIFEST,
        config=descriptor(media.DOCKER_CONFIG),
        layers=[descriptor(media.DOCKER_LAYER_GZIP)],
    )
    found = parse_document(dump(document), media.DOCKER_MANIFEST)
    assert isinstance(found, Manifest)
    assert found.media_type == media.DOCKER_MANIFEST


@pytest.mark.parametrize("header", ["", media.OCI_MANIFEST, media.OCI_MANIFEST.upper() + "; charset=utf-8"])
def test_a_manifest_that_does_not_name_its_type_is_known_by_its_header_or_its_shape(header: str) -> None:
    assert parse_document(dump(manifest(mediaType=None)), header).media_type == media.OCI_MANIFEST


def test_an_index_is_read_with_its_platforms() -> None:
    found = parse_index(index("linux/amd64", "linux/arm64/v8"))
    assert [entry.platform for entry in found.manifests] == [AMD64, Platform("linux", "arm64")]


@pytest.mark.parametrize(
    ("document", "header"),
    [
        (manifest(manifests=[]), ""),
        (index("linux/amd64", layers=[]), ""),
        (index("linux/amd64", config={}), ""),
        (manifest(layers=None, config=None), ""),
        (manifest(), media.DOCKER_MANIFEST),
        (manifest(), media.OCI_INDEX),
        (manifest(mediaType=None), media.OCI_INDEX),
        (manifest(mediaType=media.OCI_INDEX), ""),
        (index("linux/amd64", mediaType=None), media.OCI_MANIFEST),
        (manifest(mediaType="text/html"), ""),
        (manifest(mediaType=None), "text/html"),
        (manifest(mediaType=7), ""),
        (manifest(schemaVersion=None), ""),
        (manifest(schemaVersion=1), ""),
        (manifest(schemaVersion=True), ""),
        (manifest(schemaVersion="2"), ""),
        (manifest(config=[]), ""),
        (manifest(config=None), ""),
        (manifest(layers={}), ""),
        (manifest(layers=["x"]), ""),
        (manifest(layers=[descriptor(media.OCI_LAYER, "sha256:../../etc/passwd")]), ""),
        (manifest(layers=[descriptor(media.OCI_LAYER, size=-1)]), ""),
        (manifest(layers=[descriptor(media.OCI_LAYER, size=2**63)]), ""),
        (manifest(layers=[descriptor(media.OCI_LAYER, Size=1)]), ""),
        (manifest(layers=[descriptor("not a type")]), ""),
        (manifest(layers=[descriptor(media.OCI_LAYER, urls="http://x")]), ""),
        (manifest(annotations={"a": 1}), ""),
        (manifest(annotations=[]), ""),
        (manifest(Config={}), ""),
    ],
)
def test_a_document_that_breaks_its_specification_is_refused(document: dict[str, Any], header: str) -> None:
    with pytest.raises(Malformed):
        parse_document(dump(document), header)


def test_too_large_a_manifest_is_refused() -> None:
    with pytest.raises(LimitExceeded):
        parse_document(b" " * (MANIFEST_LIMIT + 1))


def test_ten_thousand_layers_are_refused() -> None:
    layers = [descriptor(media.OCI_LAYER_GZIP)] * 10_000
    with pytest.raises(LimitExceeded, match=str(LAYERS_LIMIT)):
        parse_document(dump(manifest(layers=layers)))


def test_docker_schema_1_is_named_as_retired() -> None:
    with pytest.raises(NotSupported, match="schema 1"):
        parse_document(b'{"schemaVersion":1,"fsLayers":[],"history":[]}', min(media.DOCKER_SCHEMA1))


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (manifest(config=descriptor("application/vnd.cncf.helm.config.v1+json")), "a Helm chart"),
        (
            manifest(
                config=descriptor("application/vnd.oci.empty.v1+json"),
                artifactType="application/vnd.example+x",
            ),
            r"an artifact \(application/vnd.example\+x\)",
        ),
        (manifest(layers=[descriptor("application/vnd.in-toto+json")]), "a build attestation"),
    ],
)
def test_an_artifact_is_named_as_what_it_is(document: dict[str, Any], words: str) -> None:
    with pytest.raises(NotSupported, match=f"this is {words}.*, not an image"):
        parse_document(dump(document))


def test_the_entry_for_the_platform_is_chosen() -> None:
    found = parse_index(index("linux/arm64/v8", "linux/amd64"))
    assert choose(found, AMD64).digest == Digest.of(b"linux/amd64")
    assert choose(found, Platform("linux", "arm64")).digest == Digest.of(b"linux/arm64/v8")


def test_the_best_variant_that_runs_is_chosen() -> None:
    found = parse_index(index("linux/arm/v5", "linux/arm/v6", "linux/arm/v7"))
    assert choose(found, Platform.parse("linux/arm/v6")).digest == Digest.of(b"linux/arm/v6")


def test_the_first_of_equals_is_chosen() -> None:
    twice = entry("linux/amd64") | {"digest": Digest.of(b"second")}
    assert choose(parse_index(index(manifests=[entry("linux/amd64"), twice])), AMD64).digest == Digest.of(
        b"linux/amd64"
    )


def test_a_platform_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(NotFound, match="linux/amd64") as caught:
        choose(parse_index(index("linux/s390x", "windows/amd64")), AMD64)
    assert "linux/s390x, windows/amd64" in caught.value.hint


@pytest.mark.parametrize(
    "other",
    [
        entry("unknown/unknown"),
        entry("linux/amd64", annotations={"vnd.docker.reference.type": "attestation-manifest"}),
        entry("linux/amd64", artifactType="application/vnd.example+x"),
        entry("linux/amd64") | {"mediaType": "application/vnd.example+x"},
    ],
)
def test_what_is_no_image_is_never_chosen(other: dict[str, Any]) -> None:
    with pytest.raises(NotFound, match="no image"):
        choose(parse_index(index(manifests=[other])), AMD64)


def test_a_lone_entry_without_a_platform_is_the_image() -> None:
    lone = descriptor(media.OCI_MANIFEST)
    assert (
        choose(parse_index(index(manifests=[lone, entry("unknown/unknown")])), AMD64).digest == CONFIG_DIGEST
    )


def test_control_characters_in_a_platform_reach_no_message() -> None:
    with pytest.raises(LaminaError) as caught:
        choose(parse_index(index("\x1b[31mlinux/amd64")), AMD64)
    assert caught.value.hint.isprintable()
