"""What a registry asks for when it answers 401.

Sources: RFC 9110, 11.6.1 (WWW-Authenticate); distribution "Token Authentication Specification".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105  # the grammar's word for a word
_PARAMETER = rf'({_TOKEN})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({_TOKEN}))'
_LONGEST = 8192  # characters of one header


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way in: a scheme in lower case (`bearer`, `basic`) and its parameters."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict, hash=False)


def parse_challenges(headers: Iterable[str]) -> tuple[Challenge, ...]:
    """The challenges in all `WWW-Authenticate` headers of an answer; what cannot be read is left out."""
    found: list[Challenge] = []
    for header in headers:
        found.extend(_parse(header[:_LONGEST]))
    return tuple(found)


def _parse(header: str) -> Iterable[Challenge]:
    scheme, parameters = "", dict[str, str]()
    rest = header.strip()
    while rest:
        if match := re.match(_PARAMETER, rest):
            name, in_quotes, bare = match.groups()
            value = bare if in_quotes is None else re.sub(r"\\(.)", r"\1", in_quotes)
            parameters.setdefault(name.lower(), value)
        elif match := re.match(rf"{_TOKEN}(?=\s|,|$)", rest):
            if scheme:
                yield Challenge(scheme, parameters)
            scheme, parameters = match[0].lower(), {}
        else:
            break
        rest = rest[match.end() :].lstrip(", \t")
    if scheme:
        yield Challenge(scheme, parameters)
