"""`python -m bench`: measures Lamina beside podman, and beside docker where a daemon answers."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.cases import IMAGES, Case, cases
from bench.engines import Engine, engines
from bench.looking import report
from bench.measure import Result, measure
from bench.ordinary import ordinary_engines
from bench.process import CommandFailed
from bench.report import document, table
from bench.screen import report as look_at_screen

_LOOKING = "looking"  # measures no other engine: none answers this without a copy of the image
_SCREEN = "screen"  # as none has a workstation


def main(arguments: Sequence[str]) -> int:
    """Measure and print; gives the exit code."""
    options = _parser().parse_args(arguments)
    if os.geteuid() != 0:
        print("bench: root is needed, so that all engines work on equal terms", file=sys.stderr)
        return 1
    if not options.only or _LOOKING in options.only:
        print(report(), flush=True)
    if not options.only or _SCREEN in options.only:
        for line in look_at_screen(options.rest, Path(sys.executable).with_name("lamina")):
            print(line, flush=True)
    chosen = [case for case in cases(options.registry) if not options.only or case.name in options.only]
    if not chosen:
        return 0
    with tempfile.TemporaryDirectory(prefix="lamina-bench-", dir="/var/tmp") as scratch:
        found = engines(Path(scratch), tuple(f"{options.registry}/{image}" for image in IMAGES))
        taking_part = [engine for engine in found if not options.engine or engine.name in options.engine]
        if not taking_part:
            print("bench: none of the engines is here", file=sys.stderr)
            return 1
        try:
            with ordinary_engines(Path(scratch) / "user") as without_root:
                ordinary = [
                    engine for engine in without_root if not options.engine or engine.name in options.engine
                ]
                results = [
                    _measured(case, ordinary if case.ordinary else taking_part, options.pairs)
                    for case in chosen
                    if ordinary or not case.ordinary
                ]
        except CommandFailed as error:
            print(f"bench: {error}", file=sys.stderr)
            return 1
        finally:
            for engine in taking_part:
                engine.empty()
    if options.json:
        options.json.write_text(json.dumps(document(results), indent=2) + "\n")
    return 0


def _measured(case: Case, taking_part: Sequence[Engine], pairs: int) -> Result:
    result = measure(case, taking_part, pairs)
    print(table(result), end="\n\n", flush=True)
    return result


def _parser() -> argparse.ArgumentParser:
    names = [case.name for case in cases("")] + [_LOOKING, _SCREEN]
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--pairs",
        type=_positive,
        default=5,
        help="times each engine pulls; quick cases take four times as many",
    )
    parser.add_argument(
        "--only", action="append", choices=names, help="measure this case alone (may be given again)"
    )
    parser.add_argument(
        "--engine",
        action="append",
        choices=["lamina", "podman", "docker"],
        help="measure this engine alone (may be given again)",
    )
    parser.add_argument(
        "--rest",
        type=_positive,
        default=20,
        help="seconds that a workstation is watched at rest (%(default)s)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep all figures in a file")
    parser.add_argument(
        "--registry",
        default=os.environ.get("LAMINA_TEST_REGISTRY", "127.0.0.1:5000"),
        help=f"host:port that serves {', '.join(IMAGES)} (%(default)s)",
    )
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number
