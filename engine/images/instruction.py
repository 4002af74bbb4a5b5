"""History entries as their authors wrote them."""

from __future__ import annotations

_SHELLS = ("RUN /bin/sh -c ", "/bin/sh -c ")
_CONTEXTS = ("file:", "dir:", "multi:")  # the classic builder names what it copied by a checksum


def written(created_by: str) -> str:
    """The instruction behind a history entry, on one line, without the shell and the builder's marks.

    `/bin/sh -c #(nop)  CMD ["redis"]` is `CMD ["redis"]`, `/bin/sh -c make` is `RUN make`.
    The text is still foreign: make it safe before it is shown.
    """
    text = created_by.strip().removesuffix("# buildkit").strip()
    if text.startswith("|"):  # build arguments stand before the shell: |2 A=1 B=2 /bin/sh -c …
        _, found, rest = text.partition("/bin/sh -c ")
        text = "RUN " + rest if found else text
    for shell in _SHELLS:
        if text.startswith(shell):
            rest = text.removeprefix(shell).strip()
            text = rest.removeprefix("#(nop)").strip() if rest.startswith("#(nop)") else "RUN " + rest
    word, _, rest = text.partition(" ")
    if word in ("ADD", "COPY") and rest.startswith(_CONTEXTS):
        source, into, target = rest.partition(" in ")
        text = f"{word} {source.split(':')[0]} {target.strip()}" if into else text
    return " ".join(text.split())
