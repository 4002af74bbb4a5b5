"""Which commands a lesson may have run: an allow-list, for the file may be a stranger's.

Only verbs and options stand here that stay inside the lesson's own store: no path of the host, no host
namespace, no further right, no registry but the lesson's own, no published port but on 127.0.0.1.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from engine.errors import InvalidArgument

PROGRAM = "lamina"
_OURS = r"lab-[a-z0-9][a-z0-9-]{0,30}"
_NAME = re.compile(_OURS)
_IMAGE = re.compile(r"(?:\{place\.private\}/)?lab/[a-z0-9][a-z0-9-]{0,30}(?::[a-z0-9][a-z0-9.-]{0,30})?")
_VOLUME = re.compile(rf"{_OURS}:/[A-Za-z0-9/._-]{{1,100}}(?::ro)?")
_PORT = re.compile(r"127\.0\.0\.1:(?:\d{4,5})?:\d{1,5}")
_PLAIN = re.compile(r"[A-Za-z0-9._:/=,+%-]{1,100}")
_PATH = re.compile(r"/[A-Za-z0-9/._*-]{0,200}")
_CHANGE = re.compile(r"(?:CMD|ENTRYPOINT|ENV|USER|WORKDIR) [ -~]{1,200}")
_NUMBER = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,3})?[kmg]?")
_HINTS = {
    "-p": "a lesson publishes 127.0.0.1:[PORT]:PORT",
    "-v": "a lesson mounts volumes whose name begins with lab-, as lab-NAME:/PATH",
    "--network": "lab-NAME, none or bridge",
    "--name": "lab-NAME",
}  # what an option must be, where its name does not say so
_PRIVATE = re.compile(r"\{place\.private\}")

_Takes = re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _Verb:
    """What one verb may be given.

    :param options: by name, what the value must be; None for a flag.
    :param words: what the words must be, in order; the last stands for all that follow.
    :param programs: the words after the first are a program's, which runs inside a container.
    """

    words: tuple[_Takes, ...]
    options: dict[str, _Takes | None] = field(default_factory=dict)
    programs: bool = False
    least: int = 1


_RUN: dict[str, _Takes | None] = {
    "-d": None, "--rm": None, "--name": _NAME, "-e": _PLAIN, "-p": _PORT, "-v": _VOLUME, "-m": _NUMBER,
    "--memory": _NUMBER, "--memory-swap": _NUMBER, "--cpus": _NUMBER, "--pids-limit": _NUMBER,
    "--network": re.compile(rf"{_OURS}|none|bridge"), "--hostname": _NAME, "-u": _PLAIN, "--user": _PLAIN,
    "-w": _PATH, "--read-only": None, "--init": None, "--cap-drop": _PLAIN,
    "--restart": re.compile(r"no|always|unless-stopped|on-failure(?::\d{1,3})?"),
    "--stop-timeout": _NUMBER, "--tmpfs": _PATH,
}  # fmt: skip
_JSON: dict[str, _Takes | None] = {"--format": re.compile("json|table")}
_FORCE: dict[str, _Takes | None] = {"-f": None, "--force": None}
_LOOK = {**_JSON, "--layer": _NUMBER, "--stacked": None, "--depth": _NUMBER, "--filter": _PATH,
         "--sort": re.compile("name|size")}  # fmt: skip

_VERBS: dict[str, _Verb] = {
    "blame": _Verb((_IMAGE, _PATH), _JSON, least=2),
    "cat": _Verb((_IMAGE, _PATH), least=2),
    "commit": _Verb((_NAME, _IMAGE), {"--change": _CHANGE}, least=2),
    "compare": _Verb((_IMAGE, _IMAGE), _JSON, least=2),
    "create": _Verb((_IMAGE,), _RUN, programs=True),
    "diff": _Verb((re.compile(f"{_OURS}|{_IMAGE.pattern}"),), _JSON),
    "exec": _Verb((_NAME,), {"-d": None, "-u": _PLAIN, "-e": _PLAIN, "-w": _PATH}, programs=True),
    "images": _Verb((_IMAGE,), _JSON, least=0),
    "inspect": _Verb((re.compile(f"{_OURS}|{_IMAGE.pattern}"),)),
    "kill": _Verb((_NAME,), {"-s": _PLAIN}),
    "layers": _Verb((_IMAGE,), _JSON),
    "login": _Verb((_PRIVATE,), {"-u": _PLAIN, "--password-stdin": None}),
    "logout": _Verb((_PRIVATE,)),
    "logs": _Verb((_NAME,), {"--tail": _NUMBER}),
    "namespaces": _Verb((_NAME,), _JSON),
    "network create": _Verb((_NAME,), {"--internal": None}),
    "network inspect": _Verb((_NAME,)),
    "network ls": _Verb((), least=0),
    "network rm": _Verb((_NAME,)),
    "overlay": _Verb((_NAME,), _JSON),
    "plan": _Verb((_IMAGE,), _JSON),
    "port": _Verb((_NAME,)),
    "ps": _Verb((), {"-a": None, **_JSON}, least=0),
    "pull": _Verb((_IMAGE,), {"-q": None}),
    "push": _Verb((_IMAGE,), {"-q": None}),
    "rename": _Verb((_NAME, _NAME), least=2),
    "restart": _Verb((_NAME,)),
    "rm": _Verb((_NAME,), _FORCE),
    "rmi": _Verb((_IMAGE,), _FORCE),
    "run": _Verb((_IMAGE,), _RUN, programs=True),
    "sharing": _Verb((_IMAGE,), _JSON, least=0),
    "start": _Verb((_NAME,)),
    "stats": _Verb((_NAME,), {"--no-stream": None, **_JSON}, least=0),
    "steps": _Verb((_NAME,)),
    "stop": _Verb((_NAME,), {"-t": _NUMBER}),
    "tag": _Verb((_IMAGE, _IMAGE), least=2),
    "tags": _Verb((_IMAGE,)),
    "top": _Verb((_NAME,)),
    "tree": _Verb((_IMAGE, _PATH), _LOOK),
    "volume create": _Verb((_NAME,)),
    "volume inspect": _Verb((_NAME,)),
    "volume ls": _Verb((), least=0),
    "volume rm": _Verb((_NAME,)),
    "wait": _Verb((_NAME,)),
    "waste": _Verb((_IMAGE,), _JSON),
}


def verbs() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every verb that a lesson may use, and its options."""
    for name, verb in sorted(_VERBS.items()):
        yield name, tuple(verb.options)


def check_command(text: str, fill: Callable[[str], str] = str) -> list[str]:
    """The words of a command after `lamina`, when a lesson may have it run.

    :param fill: fills placeholders of values that the lesson chooses itself, before anything is looked at.
    :raises InvalidArgument: it may not; says which word.
    """
    try:
        words = shlex.split(fill(text))
    except ValueError as error:
        raise InvalidArgument(
            f"{text!r} cannot be read as a command: {error}", hint="close each quote"
        ) from error
    if words[:1] != [PROGRAM] or len(words) < 2:
        raise InvalidArgument(
            f"{text!r} is no command of {PROGRAM}; a lesson runs no other program",
            hint=f"write {PROGRAM} VERB …",
        )
    name, rest = _verb(words[1:])
    _check_words(name, _VERBS[name], rest)
    return words[1:]


def _verb(words: list[str]) -> tuple[str, list[str]]:
    for count in (2, 1):
        name = " ".join(words[:count])
        if name in _VERBS:
            return name, words[count:]
    raise InvalidArgument(
        f"{PROGRAM} {words[0]} is not for lessons", hint=f"there are: {', '.join(sorted(_VERBS))}"
    )


def _check_words(name: str, verb: _Verb, words: Sequence[str]) -> None:
    waiting = list(words)
    plain: list[str] = []
    while waiting:
        word = waiting.pop(0)
        if word.startswith("-"):
            option, equals, value = word.partition("=")
            if option not in verb.options:
                raise InvalidArgument(
                    f"{PROGRAM} {name} {option} is not for lessons",
                    hint=f"it may be given {', '.join(verb.options)}"
                    if verb.options
                    else "it takes no option",
                )
            takes = verb.options[option]
            if takes is None and not equals:
                continue
            if not equals and not waiting:
                raise InvalidArgument(f"{PROGRAM} {name} {option} wants a value")
            value = value if equals else waiting.pop(0)
            if takes is None or not takes.fullmatch(value):
                raise InvalidArgument(
                    f"{PROGRAM} {name} {option} {value!r} is not for lessons", hint=_HINTS.get(option, "")
                )
            continue
        plain.append(word)
        if verb.programs:
            break  # the rest is a program's, inside its container
    if len(plain) < verb.least:
        raise InvalidArgument(f"{PROGRAM} {name} wants {verb.least} words at least")
    for place, word in enumerate(plain):
        takes = verb.words[min(place, len(verb.words) - 1)] if verb.words else None
        if takes is None or not takes.fullmatch(word):
            raise InvalidArgument(
                f"{PROGRAM} {name}: {word!r} is not for lessons",
                hint="names begin with lab-, images are lab/NAME[:TAG] or {place.private}/lab/NAME[:TAG]",
            )
