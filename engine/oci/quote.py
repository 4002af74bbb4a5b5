"""Outside text inside our own error messages: escaped and short."""

from __future__ import annotations

_LONGEST = 100


def quoted(text: object) -> str:
    """`text` between quotation marks, control and format characters escaped, cut to 100 characters."""
    whole = text if isinstance(text, str) else str(text)
    # repr escapes everything that str.isprintable refuses, which covers Cc, Cf, Cs, Zl and Zp.
    return repr(whole if len(whole) <= _LONGEST else whole[:_LONGEST] + "…")
