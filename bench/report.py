"""Results as a table to read and as a document to keep."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence

from bench.measure import Result, Row


def table(result: Result) -> str:
    """One case as lines of text."""
    return "\n".join(_lines(result))


def document(results: Sequence[Result]) -> dict[str, object]:
    """All results with what is needed to read them elsewhere; seconds and bytes."""
    return {
        "machine": {
            "kernel": platform.release(),
            "architecture": platform.machine(),
            "processors": os.cpu_count(),
            "python": platform.python_version(),
        },
        "cases": [
            {
                "name": result.name,
                "title": result.title,
                "engines": {row.engine: _figures(result, row) for row in result.rows},
            }
            for result in results
        ],
    }


def _lines(result: Result) -> Iterator[str]:
    yield f"{result.title}  ({len(result.rows[0].times)} times each, in turns)"
    head = f"  {'':10}{'median':>10}{'spread':>19}{'CPU':>10}{'memory':>10}"
    yield head + (f"{result.rows[0].engine + ' takes':>18}" if len(result.rows) > 1 else "")
    for row in result.rows:
        low, high = row.spread
        against = "" if row is result.rows[0] else f"{result.ratio(row):.2f} of its time"
        yield (
            f"  {row.engine:10}{_seconds(row.seconds):>10}{_seconds(low) + ' – ' + _seconds(high):>19}"
            f"{_seconds(row.cpu):>10}{row.memory / 1e6:>7.0f} MB{against:>18}".rstrip()
        )


def _figures(result: Result, row: Row) -> dict[str, object]:
    return {
        "median": row.seconds,
        "cpu": row.cpu,
        "memory": row.memory,
        "seconds": [time.seconds for time in row.times],
        f"{result.rows[0].engine}_takes": result.ratio(row),
    }


def _seconds(value: float) -> str:
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.2f} s"
