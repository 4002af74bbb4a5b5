"""Verbs of the lessons: their list, the one under way, and the words of the field."""

from __future__ import annotations

import shlex

from tui.actions.model import Action, Context, Place, ScreenName

_LIST: tuple[ScreenName, ...] = ("lessons",)
_RUN: tuple[ScreenName, ...] = ("lesson",)
_BOTH: tuple[ScreenName, ...] = ("lessons", "lesson")
_PAGES: tuple[Place, ...] = ("reading", "working")


def _chosen(ctx: Context) -> bool:
    return ctx.path is not None


def _start(more: str, ctx: Context) -> str:
    return f"lamina lab start {shlex.quote(ctx.inside[0]) if ctx.inside else 'NAME'}{more}"


LESSONS: tuple[Action, ...] = (
    Action("lessons", "8", "8", "lessons", "learn containers by watching the engine work", "lessons",
           command=lambda _: "lamina lab lessons", screens=("workbench", "stores", "glossary")),
    Action("lesson_anew", "s", "s", "from the start", "begin the lesson at its first step", "lessons",
           ("lessons",), _chosen, lambda ctx: _start("", ctx), changes=True, screens=_LIST),
    Action("lesson_choose", "c", "c", "choose", "choose other values that the lesson begins with", "lessons",
           ("lessons",), _chosen, lambda ctx: _start(" --set NAME=VALUE", ctx), changes=True, screens=_LIST),
    Action("lesson_type", "t", "t", "type it", "type a command yourself; it works on the lesson's store",
           "lessons", _PAGES, screens=_RUN),
    Action("lesson_hint", "h", "h", "hint", "what helps in this step", "lessons", _PAGES, screens=_RUN),
    Action("lesson_step(1)", "n,right", "n", "next", "the next step; what is left here is done for you",
           "lessons", _PAGES, screens=_RUN),
    Action("lesson_auto", "a", "a", "unattended", "it goes on by itself, read at a pace; or no longer",
           "lessons", ("lessons", *_PAGES), command=lambda ctx: _start(" --auto", ctx), changes=True,
           screens=_BOTH),
    Action("glossary", "9", "9", "words", "every word of the field, and where to see it", "lessons",
           ("lessons", *_PAGES), command=lambda _: "lamina lab glossary",
           screens=("workbench", "stores", *_BOTH)),
    Action("lesson_reset", "r", "r", "reset", "forget how far you are, remove what a killed lesson left",
           "lessons", ("lessons",), _chosen,
           lambda ctx: f"lamina lab reset {shlex.quote(ctx.inside[0]) if ctx.inside else 'NAME'}",
           danger=True, changes=True, screens=_LIST),
    Action("projector", "p", "p", "projector", "large and high in contrast, one thing at a time",
           "lessons", ("lessons",), screens=_BOTH),
    Action("lesson_step(-1)", "b,left", "b", "step before", "read the step before again; nothing is undone",
           "lessons", screens=_RUN),
    Action("lesson_one", "d", "d", "only one", "do the next thing alone", "lessons", screens=_RUN),
    Action("lesson_look", "v", "v", "check", "measure and check how it stands now", "lessons", screens=_RUN),
    Action("lesson_outputs", "o", "o", "outputs", "show or hide what commands wrote", "lessons",
           screens=_RUN),
    Action("lesson_stop", "X", "X", "stop", "stop what is under way; the lesson stays", "lessons",
           screens=_RUN),
    Action("lesson_shell", "e", "e", "a shell", "copy the line that lets another terminal work in the lesson",
           "lessons", screens=_RUN),
    Action("lesson_pace(1)", "plus,equals_sign", "+", "faster", "unattended, read twice as fast", "lessons",
           screens=_RUN),
    Action("lesson_pace(-1)", "minus", "-", "slower", "unattended, read half as fast", "lessons",
           screens=_RUN),
)  # fmt: skip
