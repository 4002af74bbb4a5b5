"""Rules that an image must keep, for builds that should fail before a bad image is published."""

from __future__ import annotations

import fnmatch
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from engine.analysis.compare import update_cost
from engine.analysis.images import LayerFacts
from engine.analysis.secrets import Secret
from engine.analysis.waste import Waste
from engine.errors import InvalidArgument, LimitExceeded
from engine.oci.quote import quoted

_LONGEST_FILE = 64 << 10  # bytes
_MOST_NAMED = 20  # of what breaks a rule
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)\s*([kKMGT]?i?)B?", re.ASCII)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


@dataclass(frozen=True, slots=True)
class Rules:
    """What is asked of an image; None and false ask nothing.

    :param max_waste: bytes that may be hidden.
    :param min_efficiency: part of all content that must be seen, from 0 to 1.
    :param max_update_bytes: compressed bytes that an update from `update_from` may fetch.
    :param update_from: the image that users have.
    :param no_hidden_secrets: no file with a secret in any layer, seen or hidden.
    :param allow_secrets: patterns of paths that may hold secrets all the same, such as `etc/ssl/private/*`.
    """

    max_waste: int | None = None
    min_efficiency: float | None = None
    max_update_bytes: int | None = None
    update_from: str | None = None
    no_hidden_secrets: bool = False
    allow_secrets: tuple[str, ...] = ()

    def over(self, other: Rules) -> Rules:
        """These rules, and those of `other` that these leave open."""
        empty = Rules()
        given = {
            each.name: getattr(self, each.name)
            for each in fields(self)
            if getattr(self, each.name) != getattr(empty, each.name)
        }
        return replace(other, **given)

    def check(self) -> Rules:
        """These rules, when they ask for something that can be told.

        :raises InvalidArgument: they ask nothing, or for an update without saying from what.
        """
        asked = (self.max_waste, self.min_efficiency, self.max_update_bytes)
        if asked == (None, None, None) and not self.no_hidden_secrets:
            raise InvalidArgument(
                "there is no rule to check",
                hint="give --max-waste, --no-hidden-secrets or others, or --rules FILE",
            )
        if (self.max_update_bytes is None) != (self.update_from is None):
            raise InvalidArgument(
                "an update is from one image to another", hint="give --max-update-bytes and --from together"
            )
        return self


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one rule.

    :param message: one line with the figures.
    :param found: what breaks the rule, at most a few lines.
    """

    rule: str
    passed: bool
    message: str
    found: tuple[str, ...] = ()


def parse_rules(raw: bytes) -> Rules:
    """The rules in a TOML file, with the options' names as keys.

    :raises LimitExceeded: it is larger than 64 KiB.
    :raises InvalidArgument: it is no TOML, or has another key, or a value of another type.
    """
    if len(raw) > _LONGEST_FILE:
        raise LimitExceeded(f"a file of rules has at most {_LONGEST_FILE} bytes")
    try:
        document = tomllib.loads(raw.decode())
    except (ValueError, RecursionError) as error:
        raise InvalidArgument(f"the rules are no TOML: {quoted(error)}") from error
    found: dict[str, object] = {}
    for key, value in document.items():
        if key not in _PARSERS:
            known = ", ".join(_PARSERS)
            raise InvalidArgument(f"there is no rule {quoted(key)}", hint=f"rules are: {known}")
        name, parse = _PARSERS[key]
        found[name] = parse(value)
    return Rules(**found)  # type: ignore[arg-type]  # each parser gives the type of its field


def parse_size(text: object) -> int:
    """Bytes in `50MB`, `1.5 GiB` or `1000`; units of a thousand unless they have an `i`.

    :raises InvalidArgument: it is no size.
    """
    match = _SIZE.fullmatch(str(text).strip()) if isinstance(text, (str, int)) else None
    if match is None or isinstance(text, bool):
        raise InvalidArgument(f"{quoted(text)} is no size", hint="write it as 50MB or 1.5GiB")
    number, unit = match.groups()
    base = 1024 if unit.endswith("i") else 1000
    return int(float(number) * base ** _POWERS[unit.rstrip("i").lower()])


def parse_part(value: object) -> float:
    """A part from 0 to 1, or in percent: `0.95`, `95%`.

    :raises InvalidArgument: it is none.
    """
    text = str(value)
    try:
        part = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        part = -1
    if not 0 <= part <= 1 or isinstance(value, bool):
        raise InvalidArgument(f"{quoted(value)} is no part of a whole", hint="write it as 0.95 or 95%")
    return part


def check_waste(limit: int, waste: Waste) -> Verdict:
    """Whether an image wastes at most so many bytes."""
    found = tuple(f"/{path.path}: {path.size} bytes {path.cause}" for path in waste.paths[:_MOST_NAMED])
    broken = waste.wasted > limit
    message = f"{waste.wasted} of {waste.total} bytes are wasted, {limit} are allowed"
    return Verdict("max-waste", not broken, message, found if broken else ())


def check_efficiency(limit: float, waste: Waste) -> Verdict:
    """Whether enough of an image's content is seen."""
    message = f"{waste.efficiency:.2%} of the content is seen, {limit:.2%} is asked"
    return Verdict("min-efficiency", waste.efficiency >= limit, message)


def check_update(limit: int, old: Sequence[LayerFacts], new: Sequence[LayerFacts]) -> Verdict:
    """Whether whoever has the old image fetches at most so many bytes."""
    cost, shared = update_cost(old, new)
    have = {layer.diff_id for layer in old}
    found = tuple(
        f"layer {at} {layer.diff_id.short}: {layer.compressed} bytes"
        for at, layer in enumerate(new, 1)
        if layer.diff_id not in have
    )
    broken = cost > limit
    message = f"an update fetches {cost} of {cost + shared} bytes, {limit} are allowed"
    return Verdict("max-update-bytes", not broken, message, found[:_MOST_NAMED] if broken else ())


def check_secrets(secrets: Sequence[Secret], allowed: Sequence[str]) -> Verdict:
    """Whether no layer holds a secret that is not allowed by its path."""
    bad = [
        secret
        for secret in secrets
        if not any(fnmatch.fnmatchcase(secret.path, pattern.lstrip("/")) for pattern in allowed)
    ]
    hidden = sum(secret.hidden for secret in bad)
    message = "no layer holds a secret that is known by name or content"
    if bad:
        message = f"files with secrets: {len(bad)}; of them hidden by later layers: {hidden}"
    found = tuple(
        f"/{secret.path}: {secret.what} in layer {secret.position}{', hidden above' if secret.hidden else ''}"
        for secret in bad[:_MOST_NAMED]
    )
    return Verdict("no-hidden-secrets", not bad, message, found)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidArgument(f"{quoted(value)} is no image")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidArgument(f"{quoted(value)} is neither true nor false")
    return value


def _patterns(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise InvalidArgument(f"{quoted(value)} is no list of paths")
    return tuple(value)


_PARSERS = {
    "max-waste": ("max_waste", parse_size),
    "min-efficiency": ("min_efficiency", parse_part),
    "max-update-bytes": ("max_update_bytes", parse_size),
    "from": ("update_from", _text),
    "no-hidden-secrets": ("no_hidden_secrets", _flag),
    "allow-secrets": ("allow_secrets", _patterns),
}
