"""Blobs: resumed where they broke off, never longer than their descriptor says."""

from __future__ import annotations

import asyncio
import os
from contextlib import aclosing

import pytest
from aiohttp import web

from engine.errors import DigestMismatch, InvalidArgument, Malformed, NotFound, Unavailable
from tests.engine.registry.peers import blob_of, client, read, serving, unasked

DATA = os.urandom(3 << 20)
BLOB = blob_of(DATA)


def start_of(request: web.Request) -> int:
    return request.http_range.start or 0


def part(request: web.Request, data: bytes = DATA) -> web.Response:
    """An honest answer."""
    start = start_of(request)
    if not start:
        return web.Response(body=data)
    span = f"bytes {start}-{len(data) - 1}/{len(data)}"
    return web.Response(status=206, body=data[start:], headers={"Content-Range": span})


async def broken(request: web.Request, data: bytes, length: int) -> web.StreamResponse:
    """The first `length` bytes of what was asked for, then a reset."""
    start = start_of(request)
    response = web.StreamResponse(status=206 if start else 200)
    response.content_length = len(data) - start
    if start:
        response.headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
    await response.prepare(request)
    await response.write(data[start : start + length])
    assert request.transport is not None
    request.transport.close()  # after what is written
    return response


async def test_a_blob_comes_whole() -> None:
    async def handler(request: web.Request) -> web.Response:
        return part(request)

    async with serving(handler) as peer, client() as registry:
        assert await read(registry, peer.ref(), BLOB) == DATA
    assert "Range" not in peer.asked[0].headers


async def test_a_blob_comes_from_an_offset() -> None:
    async def handler(request: web.Request) -> web.Response:
        return part(request)

    async with serving(handler) as peer, client() as registry:
        assert await read(registry, peer.ref(), BLOB, 1000) == DATA[1000:]
    assert peer.asked[0].headers["Range"] == "bytes=1000-"


async def test_nothing_is_asked_for_where_nothing_is_missing() -> None:
    async with serving(unasked) as peer, client() as registry:
        assert await read(registry, peer.ref(), BLOB, len(DATA)) == b""
        assert await read(registry, peer.ref(), blob_of(b"")) == b""


@pytest.mark.parametrize("offset", [-1, len(DATA) + 1])
async def test_an_offset_outside_of_the_blob_is_refused(offset: int) -> None:
    async with serving(unasked) as peer, client() as registry:
        with pytest.raises(InvalidArgument):
            await read(registry, peer.ref(), BLOB, offset)


async def test_a_broken_download_goes_on_where_it_broke() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        return await broken(request, DATA, 1_000_000) if len(peer.asked) < 3 else part(request)

    async with serving(handler) as peer, client() as registry:
        assert await read(registry, peer.ref(), BLOB) == DATA
    starts = [asked.headers.get("Range", "") for asked in peer.asked]
    assert starts == ["", "bytes=1000000-", "bytes=2000000-"]


async def test_a_server_without_ranges_is_read_anew_and_skipped() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        if len(peer.asked) == 1:
            return await broken(request, DATA, 1_234_567)
        return web.Response(body=DATA)

    async with serving(handler) as peer, client() as registry:
        assert await read(registry, peer.ref(), BLOB) == DATA


async def test_a_download_that_gets_nowhere_is_given_up() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        return await broken(request, DATA, 10)

    async with serving(handler) as peer, client() as registry:
        with pytest.raises(Unavailable, match=f"layer {BLOB.digest.short} of {peer.address}/lab/web"):
            await read(registry, peer.ref(), BLOB)
    assert len(peer.asked) == 4


async def test_a_download_that_gets_on_may_break_any_number_of_times() -> None:
    data = os.urandom(8 << 20)

    async def handler(request: web.Request) -> web.StreamResponse:
        return await broken(request, data, 1 << 20)

    async with serving(handler) as peer, client() as registry:
        assert await read(registry, peer.ref(), blob_of(data)) == data
    assert len(peer.asked) == 8


async def test_a_blob_that_stalls_goes_on_over_another_connection() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        if len(peer.asked) > 1:
            released.set()
            return part(request)
        response = web.StreamResponse()
        response.content_length = len(DATA)
        await response.prepare(request)
        await response.write(DATA[:1000])
        await released.wait()
        return response

    released = asyncio.Event()
    async with serving(handler) as peer, client() as registry:
        assert await read(registry, peer.ref(), BLOB) == DATA
    assert peer.asked[1].headers["Range"] == "bytes=1000-"


@pytest.mark.parametrize("data", [DATA + b"x", DATA[:-1]], ids=["long", "short"])
async def test_another_length_than_the_descriptor_s_is_refused_before_a_byte(data: bytes) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(body=data)

    async with serving(handler) as peer, client() as registry:
        with pytest.raises(DigestMismatch, match=f"{len(data)} bytes, though its size should be {len(DATA)}"):
            await anext(registry.blob(peer.ref(), BLOB))


async def test_an_endless_blob_stops_at_its_size() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:  # until the client has had enough
            await response.write(b"x" * 65536)

    received = 0

    async def receive() -> None:
        nonlocal received
        async for chunk in registry.blob(peer.ref(), BLOB):
            received += len(chunk)

    async with serving(handler) as peer, client() as registry:
        with pytest.raises(DigestMismatch, match="goes on"):
            await receive()
    assert received <= BLOB.size


@pytest.mark.parametrize(
    ("span", "error"),
    [
        ("", Malformed),
        ("bytes 0-3145727/3145728", Malformed),
        ("bytes 1001-3145727/3145728", Malformed),
        ("bytes 1000-2000/3145728", Malformed),
        ("bytes 1000-9999999/3145728", Malformed),
        ("bytes 1000-3145727/9999999", DigestMismatch),
        ("items 1000-3145727/3145728", Malformed),
        ("bytes " + "9" * 5000 + "-1/1", Malformed),
    ],
)
async def test_another_part_than_was_asked_for_is_refused(span: str, error: type[Exception]) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=206, body=DATA[1000:], headers={"Content-Range": span} if span else {})

    async with serving(handler) as peer, client() as registry:
        with pytest.raises(error):
            await anext(registry.blob(peer.ref(), BLOB, 1000))
    assert len(peer.asked) == 1


async def test_a_registry_that_has_fewer_bytes_than_are_here_is_refused() -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=416, headers={"Content-Range": "bytes */10"})

    async with serving(handler) as peer, client() as registry:
        with pytest.raises(DigestMismatch):
            await anext(registry.blob(peer.ref(), BLOB, 1000))


async def test_a_blob_that_is_not_there_is_told_by_its_layer() -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=404)

    async with serving(handler) as peer, client() as registry:
        with pytest.raises(NotFound, match=f"layer {BLOB.digest.short} of {peer.address}/lab/web: not found"):
            await read(registry, peer.ref(), BLOB)


async def test_who_stops_early_closes_the_connection() -> None:
    closed = asyncio.Event()

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 65536)
        finally:
            closed.set()

    async with serving(handler) as peer, client() as registry:
        async with aclosing(registry.blob(peer.ref(), BLOB)) as stream:
            await anext(stream)
        async with asyncio.timeout(10):
            await closed.wait()


async def test_a_cancelled_download_closes_the_connection() -> None:
    closed, began = asyncio.Event(), asyncio.Event()

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 1024)
                began.set()
                await asyncio.sleep(0.01)
        finally:
            closed.set()

    async with serving(handler) as peer, client() as registry:
        task = asyncio.create_task(read(registry, peer.ref(), BLOB))
        async with asyncio.timeout(10):
            await began.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await closed.wait()
