"""Verbs for logs: in the inspector's tab, and where they fill the screen."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence

from engine.containers.models import ContainerSummary
from tui.actions.model import Action, Context, ScreenName

_WHERE: tuple[ScreenName, ...] = ("workbench", "logs")


def in_log(ctx: Context) -> bool:
    """Whether one stands in logs."""
    in_tab = ctx.place == "inspector" and ctx.tab == "Logs" and ctx.container is not None
    return in_tab or ctx.screen == "logs"


def _finding(ctx: Context) -> bool:
    return ctx.screen == "file" or (in_log(ctx) and bool(ctx.state.logs.book.find))


def _marked(ctx: Context) -> bool:
    return in_log(ctx) and ctx.state.logs.book.marked is not None


def _small(ctx: Context) -> bool:
    return in_log(ctx) and ctx.screen != "logs"


def of_logs(ctx: Context) -> Sequence[ContainerSummary]:
    """The containers whose logs are looked at."""
    if ctx.screen == "logs":
        return [item for item in ctx.state.containers or () if item.id in ctx.marked or item == ctx.container]
    return [ctx.container] if ctx.container is not None else []


def logs_command(ctx: Context, *options: str, find: bool = False) -> str:
    """`lamina logs` for what is looked at: since when, with times, only lines that pass the filter."""
    return " & ".join(_of_one(ctx, item, options, find) for item in of_logs(ctx))


def _of_one(ctx: Context, item: ContainerSummary, options: Sequence[str], find: bool) -> str:
    view = ctx.state.logs
    times = ("-t",) if view.times == "date" else ()
    parts = [shlex.join(["lamina", "logs", *options, *view.since.options, *times, item.name])]
    words = view.book.filter.split() if not find else [view.book.find or "WORDS"]
    for word in words:
        without = word.startswith("!") and not find
        plain = word.removeprefix("!") if without else word
        parts.append(f"grep -iF{'v' if without else ''} -- {shlex.quote(plain)}")
    return " 2>&1 | ".join(parts[:2]) + "".join(f" | {part}" for part in parts[2:])


def _command(*options: str, find: bool = False) -> Callable[[Context], str]:
    return lambda ctx: logs_command(ctx, *options, find=find) if in_log(ctx) else ""


def _save_command(ctx: Context) -> str:
    items = of_logs(ctx)
    if not in_log(ctx) or not items:
        return ""
    command = logs_command(ctx)
    if len(items) > 1:
        return command
    both = "" if "|" in command else " 2>&1"
    return f"{command} > {shlex.quote(file_name(ctx))}{both}"


def file_name(ctx: Context) -> str:
    """What a file with these logs may be called."""
    items = of_logs(ctx)
    return f"{items[0].name}.log" if len(items) == 1 else "containers.log"


ON_LOGS: tuple[Action, ...] = (
    Action("log_follow", "f", "f", "follow", "stand still while more comes, or go on at the end", "logs",
           ("inspector", "log"), in_log, _command("-f"), screens=_WHERE),
    Action("log_find", "ctrl+f", "^F", "find", "mark words in the lines, and count the lines", "logs",
           ("inspector", "log"), in_log, _command(find=True), screens=_WHERE),
    Action("again(1)", "n", "n", "next match", "the next line with the words", "logs",
           ("content", "inspector", "log"), _finding, screens=("file", *_WHERE)),
    Action("again(-1)", "N", "N", "match before", "the line before with the words", "logs", (), _finding,
           screens=("file", *_WHERE)),
    Action("log_since", "less_than_sign", "<", "since", "from when on: minutes, its start, your mark, all",
           "logs", ("inspector", "log"), in_log, _command("-f"), screens=_WHERE),
    Action("log_zoom", "Z", "Z", "full", "the logs alone, over the whole screen", "logs", ("inspector",),
           _small, screens=_WHERE),
    Action("log_wrap", "z", "z", "wrap", "fold long lines, or cut them", "logs", ("inspector", "log"), in_log,
           screens=_WHERE),
    Action("log_times", "C", "C", "times", "the time before each line: clock, date, age, none", "logs",
           ("inspector", "log"), in_log, _command("-f", "-t"), screens=_WHERE),
    Action("log_mark", "minus", "-", "mark here", "draw a line under what has come, to see what comes after",
           "logs", ("log",), in_log, screens=_WHERE),
    Action("log_to_mark", "apostrophe", "'", "to the mark", "go to the line that was drawn last", "logs", (),
           _marked, screens=_WHERE),
    Action("log_lines", "Y", "Y", "copy lines", "copy from the mark to the cursor, or what is seen", "logs",
           ("log",), in_log, screens=_WHERE),
    Action("log_save", "K", "K", "save", "write all of it, whole lines, to a file", "logs", ("log",), in_log,
           _save_command, changes=True, screens=_WHERE),
)  # fmt: skip
