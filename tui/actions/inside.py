"""Verbs of the screens that look inside images."""

from __future__ import annotations

import shlex

from tui.actions.model import Action, Context, ScreenName

_EXPLORER: tuple[ScreenName, ...] = ("explorer",)
_FILE: tuple[ScreenName, ...] = ("file",)


def _path(ctx: Context) -> bool:
    return ctx.path is not None


def _file(ctx: Context) -> bool:
    return ctx.path is not None and not ctx.folder


def _of_image(verb: str, ctx: Context) -> str:
    image = shlex.quote(ctx.inside[0]) if ctx.inside else "IMAGE"
    return f"lamina {verb} {image}"


def _of_path(verb: str, ctx: Context) -> str:
    return f"{_of_image(verb, ctx)} {shlex.quote('/' + ctx.path) if ctx.path is not None else 'PATH'}"


INSIDE: tuple[Action, ...] = (
    Action("extent", "v", "v", "all or one", "all files up to this layer, or only what this layer changed",
           "inside", ("tree", "stack"), screens=_EXPLORER),
    Action("waste", "w", "w", "waste", "what is carried though no container sees it", "inside",
           ("tree", "stack"), command=lambda ctx: _of_image("waste", ctx), screens=_EXPLORER),
    Action("difference", "d", "d", "diff", "the file beside the copy in the layers below", "inside",
           ("tree", "content"), _file, screens=("explorer", "file", "compare")),
    Action("extract", "x", "x", "extract", "write the file or directory to this host", "inside",
           ("tree", "content"), _path, lambda ctx: f"{_of_path('extract', ctx)} .",
           changes=True, screens=("explorer", "file")),
    Action("unfold_all", "plus", "+", "unfold all", "open every directory", "inside", screens=_EXPLORER),
    Action("fold_all", "minus", "-", "fold all", "close every directory", "inside", screens=_EXPLORER),
    Action("kind(added)", "A", "A", "added", "show or hide what the layer added", "inside",
           screens=_EXPLORER),
    Action("kind(changed)", "M", "M", "changed", "show or hide what it changed", "inside",
           screens=_EXPLORER),
    Action("kind(removed)", "R", "R", "removed", "show or hide what it removed", "inside",
           screens=_EXPLORER),
    Action("kind(unchanged)", "U", "U", "unchanged", "show or hide what it left alone", "inside",
           screens=_EXPLORER),
    Action("hex", "h", "h", "hex", "the file's bytes, or its text", "inside", ("content",), screens=_FILE),
)  # fmt: skip
