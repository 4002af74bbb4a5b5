"""What came of an image's rules, written as text, JSON or JUnit's XML."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from engine.analysis.rules import Verdict
from engine.printable import printable

# XML 1.0, section 2.2: these are no characters; the others that `printable` replaces are forbidden too.
_NO_XML = re.compile("[\ufffe\uffff]")


def passed(verdicts: Sequence[Verdict]) -> bool:
    """Whether all rules are kept."""
    return all(verdict.passed for verdict in verdicts)


def as_text(image: str, verdicts: Sequence[Verdict]) -> str:
    """A line for each rule, and what breaks it below; every part is made safe."""
    lines = []
    for verdict in verdicts:
        lines.append(f"{'ok  ' if verdict.passed else 'FAIL'}  {verdict.rule}: {printable(verdict.message)}")
        lines += [f"        {printable(found)}" for found in verdict.found]
    broken = sum(not verdict.passed for verdict in verdicts)
    told = f"breaks {broken} of {len(verdicts)} rules" if broken else f"keeps all {len(verdicts)} rules"
    return "\n".join([*lines, f"{printable(image)} {told}" if len(verdicts) > 1 else ""]).rstrip()


def as_document(image: str, verdicts: Sequence[Verdict]) -> Mapping[str, object]:
    """One JSON document."""
    return {"image": image, "passed": passed(verdicts), "rules": list(verdicts)}


def as_junit(image: str, verdicts: Sequence[Verdict]) -> str:
    """A test suite with a case for each rule, as CI servers read it."""
    from xml.etree import ElementTree as ET

    broken = sum(not verdict.passed for verdict in verdicts)
    counts = {"tests": str(len(verdicts)), "failures": str(broken), "errors": "0", "skipped": "0"}
    suite = ET.Element("testsuite", {"name": f"lamina check-image {_safe(image)}", **counts})
    for verdict in verdicts:
        case = ET.SubElement(suite, "testcase", classname=_safe(image), name=verdict.rule)
        if not verdict.passed:
            failure = ET.SubElement(case, "failure", message=_safe(verdict.message))
            failure.text = "\n".join(map(_safe, verdict.found))
        else:
            ET.SubElement(case, "system-out").text = _safe(verdict.message)
    ET.indent(suite)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suite, encoding="unicode")


def _safe(text: str) -> str:
    return _NO_XML.sub("\ufffd", printable(text))
