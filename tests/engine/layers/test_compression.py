"""The three packings of a blob."""

from __future__ import annotations

import gzip
import os

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import LimitExceeded, Malformed
from engine.layers.limits import Limits
from tests.engine.layers.making import blocks

TEXT = os.urandom(3000) + b"layer " * 100_000
BLOCKS = TEXT + bytes(-len(TEXT) % 512)


def inflated(data: bytes, limits: Limits | None = None, media_type: str = "") -> bytes:
    whole = bytearray()
    with blocks(data, limits, media_type) as stream:
        while block := stream.block():
            whole += block
    return bytes(whole)


def test_gzip_is_inflated() -> None:
    assert inflated(gzip.compress(BLOCKS)) == BLOCKS


def test_gzip_members_are_joined() -> None:
    half = len(BLOCKS) // 2
    assert (
        inflated(gzip.compress(BLOCKS[:half]) + gzip.compress(b"") + gzip.compress(BLOCKS[half:])) == BLOCKS
    )


def test_zstd_is_inflated() -> None:
    assert inflated(zstandard.compress(BLOCKS)) == BLOCKS


def test_zstd_frames_are_joined_and_skippable_ones_passed_over() -> None:
    half = len(BLOCKS) // 2
    skippable = b"\x50\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"hello"
    data = skippable + zstandard.compress(BLOCKS[:half]) + skippable + zstandard.compress(BLOCKS[half:])
    assert inflated(data) == BLOCKS


def test_bytes_that_are_not_compressed_stay_as_they_are() -> None:
    assert inflated(BLOCKS) == BLOCKS


def test_an_empty_blob_is_an_empty_stream() -> None:
    assert inflated(b"") == b""


def test_a_blob_that_claims_to_be_compressed_and_is_not_is_refused() -> None:
    with pytest.raises(Malformed, match="neither gzip nor zstd"):
        inflated(BLOCKS, media_type="application/vnd.oci.image.layer.v1.tar+gzip")


@pytest.mark.parametrize("tail", [b"\0", b"garbage", b"\x1f", bytes(512)])
def test_bytes_after_the_gzip_stream_are_refused(tail: bytes) -> None:
    with pytest.raises(Malformed, match="follow"):
        inflated(gzip.compress(BLOCKS) + tail)


def test_bytes_after_the_zstd_stream_are_refused() -> None:
    with pytest.raises(Malformed, match="zstd stream is damaged"):
        inflated(zstandard.compress(BLOCKS) + b"garbage")


@pytest.mark.parametrize("cut", [1, 8, 9, 500])
def test_a_gzip_stream_that_is_cut_is_refused(cut: int) -> None:
    with pytest.raises(Malformed, match="ends early"):
        inflated(gzip.compress(BLOCKS)[:-cut])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 3000), st.integers(1, 255))
def test_a_damaged_gzip_stream_never_passes_for_the_whole(at: int, bits: int) -> None:
    packed = bytearray(gzip.compress(BLOCKS, mtime=0))
    packed[at] ^= bits
    try:
        result = inflated(bytes(packed))
    except Malformed:
        return
    # The first ten bytes hold a time and a system that mean nothing.
    assert result == BLOCKS or at < 10


def test_a_stream_larger_than_the_limit_is_refused() -> None:
    with pytest.raises(LimitExceeded, match="more than 1000000 bytes"):
        inflated(gzip.compress(bytes(5 << 20)), Limits(unpacked=1_000_000))


def test_a_stream_that_swells_beyond_reason_is_refused() -> None:
    with pytest.raises(LimitExceeded, match="times its compressed size"):
        inflated(zstandard.compress(bytes(64 << 20)), Limits(ratio_from=1 << 20))


def test_gzip_at_its_best_is_within_reason() -> None:
    assert len(inflated(gzip.compress(bytes(8 << 20), 9), Limits(ratio_from=1 << 20))) == 8 << 20


def test_a_zstd_window_larger_than_the_limit_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=25, enable_ldm=True)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    packed = compressor.compress(BLOCKS) + compressor.flush()
    with pytest.raises(Malformed, match="zstd"):
        inflated(packed, Limits(window=1 << 20))


def test_endless_gzip_members_are_refused() -> None:
    with pytest.raises(LimitExceeded, match="members"):
        inflated(gzip.compress(b"") * 200, Limits(members=100))
