"""From what a registry answers to errors that a person can meet.

Source: OCI distribution-spec 1.1, "Error Codes".
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from engine.errors import (
    LaminaError,
    LimitExceeded,
    Malformed,
    NotFound,
    PermissionDenied,
    Unauthorized,
    Unavailable,
)
from engine.oci.quote import quoted
from engine.oci.strict import read_object

ERROR_LIMIT = 64 << 10  # bytes of an error's body


@contextmanager
def answer_about(what: str) -> Iterator[None]:
    """Let what is wrong with an answer that is read in the block say what was asked for.

    :param what: as the person named it.
    """
    try:
        yield
    except (Malformed, LimitExceeded) as error:
        hint = error.hint or "the registry is at fault: try again later, or ask who runs it"
        raise type(error)(f"{what}: {error.message}", hint=hint) from error


def refusal(status: int, what: str, host: str, body: bytes) -> LaminaError:
    """The error for an answer that is neither a success nor worth another try.

    :param what: what was asked for, as the person named it.
    :param host: who answered.
    :param body: what the registry said about it.
    """
    said = _said(body)
    if status == HTTPStatus.NOT_FOUND:
        return NotFound(
            f"{what}: not found on {host}{said}", hint="check the name and the tag: lamina tags NAME"
        )
    if status == HTTPStatus.UNAUTHORIZED:
        return Unauthorized(
            f"{what}: {host} does not let us in{said}",
            hint=f"the repository does not exist, or it is not public; then: lamina login {host}",
        )
    if status == HTTPStatus.FORBIDDEN:
        return PermissionDenied(
            f"{what}: {host} refuses{said}", hint=f"if another user may: lamina login {host}"
        )
    return Unavailable(
        f"{what}: {host} answered {status} {_phrase(status)}{said}",
        hint="try again later, or ask who runs it",
    )


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _said(body: bytes) -> str:
    try:
        fields = read_object(body, "error", ERROR_LIMIT, ("errors",))
        for error in fields.each("errors", ("code", "message", "detail"), 64):
            words = error.text("message", "") or error.text("code", "")
            if words:
                return f" ({quoted(words)[1:-1]})"
    except LaminaError:
        pass  # many proxies answer in HTML, which tells a person nothing
    return ""
