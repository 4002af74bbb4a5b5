"""The reference part of docs/lessons.md, written from the vocabulary itself."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lessons import commands, vocabulary

BEGIN, END = "<!-- reference: begin -->", "<!-- reference: end -->"
_TITLES = {"action": "Actions", "measure": "Measures", "check": "Checks", "picture": "Pictures"}


def reference() -> str:
    """Every word of the vocabulary with what it takes and measures, as Markdown."""
    vocabulary.load()
    lines = []
    for kind, title in _TITLES.items():
        lines += [f"### {title}", "", "| word | takes | figures | |", "| --- | --- | --- | --- |"]
        lines += [_row(word) for _, word in sorted(vocabulary.KINDS[kind].items())]
        lines.append("")
    lines += [
        "### Commands",
        "",
        "`lamina` with one of these verbs; of options only those that stay inside the lesson:",
        "",
    ]
    lines += list(_verbs())
    return "\n".join(lines) + "\n"


def inserted(page: str) -> str:
    """A page with the reference put between its marks. :raises ValueError: it has no marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN} … {END}")
    return f"{before}{BEGIN}\n{reference()}{END}{after}"


def _row(word: vocabulary.Word) -> str:
    takes = ", ".join(f"`{each.name}`" if each.required else f"[`{each.name}`]" for each in word.parameters)
    figures = ", ".join(f"`{figure}`" for figure in word.figures if figure) or (
        "itself" if word.figures else ""
    )
    return f"| `{word.name}` | {takes} | {figures} | {vocabulary.described(word)} |"


def _verbs() -> Iterator[str]:
    for name, options in commands.verbs():
        yield f"- `{name}`" + (f" {' '.join(f'`{option}`' for option in options)}" if options else "")
