"""One blob as a stream that goes on where it broke off."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from dataclasses import replace
from http import HTTPStatus

from engine.errors import DigestMismatch, InvalidArgument, Malformed
from engine.oci import Descriptor
from engine.oci.quote import quoted
from engine.registry.exchange import Answer as Reply
from engine.registry.retry import Interrupted, Pace
from engine.registry.transport import Request, Transport

_SUCCESS = (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
_DAMAGED = "the registry's copy is damaged, or not what the manifest names"
_WRONG_PART = "the registry or a proxy before it is at fault: pull again, or by another way"
_CONTENT_RANGE = r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19}|\*)"
# A connection that brought less than this has not got anywhere, or one byte a time would be retried for ever.
_PROGRESS = 1 << 20


async def stream_blob(
    transport: Transport, request: Request, descriptor: Descriptor, offset: int
) -> AsyncGenerator[bytes, None]:
    """The bytes of a blob from `offset` on, in chunks as they arrive; see `RegistryClient.blob`."""
    if not 0 <= offset <= descriptor.size:
        raise InvalidArgument(f"{request.what} has no byte {offset}: its size is {descriptor.size}")
    patience = transport.patience(request)
    position, counted = offset, offset
    while position < descriptor.size:
        try:
            async with transport.open(_from(request, position)) as response:
                skip = _skip(response, descriptor, position, request.what)
                pace = Pace(transport.policy)
                async for chunk in response.chunks():
                    pace.came(len(chunk))
                    if skip:
                        skip, chunk = max(0, skip - len(chunk)), chunk[skip:]
                        if not chunk:
                            continue
                    position += len(chunk)
                    if position > descriptor.size:
                        raise _too_long(request.what, descriptor)
                    yield chunk
                    pace.waits()
                if position < descriptor.size:
                    raise Interrupted(f"ended after {position} of {descriptor.size} bytes", answered=True)
        except Interrupted as failure:
            if position - counted >= _PROGRESS:
                patience.progressed()
            counted = position
            await patience.after(failure)


def _from(request: Request, position: int) -> Request:
    wanted = {"Range": f"bytes={position}-"} if position else {}
    return replace(request, headers={**request.headers, **wanted}, success=_SUCCESS)


def _skip(response: Reply, descriptor: Descriptor, position: int, what: str) -> int:
    """How many bytes of the answer come before `position`.

    :raises DigestMismatch: the blob's size is not the descriptor's.
    :raises Malformed: another part of the blob than was asked for.
    """
    if response.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        raise DigestMismatch(
            f"{what} ends before byte {position}, though its size should be {descriptor.size}"
        )
    if response.status == HTTPStatus.PARTIAL_CONTENT:
        _check_range(response.headers.get("Content-Range", ""), descriptor, position, what)
        skip = 0
    else:
        skip = position  # the server knows no ranges and starts anew
    length = response.length
    if length is not None and length != descriptor.size - position + skip:
        raise DigestMismatch(
            f"{what} has {length + position - skip} bytes, though its size should be {descriptor.size}",
            hint=_DAMAGED,
        )
    return skip


def _check_range(value: str, descriptor: Descriptor, position: int, what: str) -> None:
    match = re.fullmatch(_CONTENT_RANGE, value.strip(), re.ASCII)
    if not match:
        raise Malformed(
            f"{what}: the registry sent a part and does not say which: {quoted(value)}", hint=_WRONG_PART
        )
    first, last, total = match.groups()
    if total != "*" and int(total) != descriptor.size:
        raise DigestMismatch(
            f"{what} has {total} bytes, though its size should be {descriptor.size}", hint=_DAMAGED
        )
    if (int(first), int(last)) != (position, descriptor.size - 1):
        raise Malformed(
            f"{what}: the registry sent bytes {first} to {last}, not those from {position} on",
            hint=_WRONG_PART,
        )


def _too_long(what: str, descriptor: Descriptor) -> DigestMismatch:
    return DigestMismatch(
        f"{what} goes on after the {descriptor.size} bytes that it should have",
        hint=_DAMAGED,
    )
