"""Rules are read strictly, and each says what breaks it."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest

from engine.analysis import verdicts
from engine.analysis.images import LayerFacts
from engine.analysis.rules import (
    Rules,
    Verdict,
    check_efficiency,
    check_secrets,
    check_update,
    check_waste,
    parse_part,
    parse_rules,
    parse_size,
)
from engine.analysis.secrets import Secret
from engine.analysis.stacked import Stack
from engine.analysis.waste import waste
from engine.cli.output import plain
from engine.errors import InvalidArgument, LimitExceeded
from engine.oci import Digest
from tests.engine.analysis.tables import GONE, tables


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("0", 0),
        ("50MB", 50_000_000),
        ("1.5 GiB", 3 << 29),
        ("10k", 10_000),
        ("7B", 7),
        (12, 12),
        ("2 kB", 2000),
    ],
)
def test_size_is_read_in_decimal_and_binary_units(text: object, count: int) -> None:
    assert parse_size(text) == count


@pytest.mark.parametrize("text", ["", "MB", "-1", "1e9", "50XB", "1 000", "٣MB", "9" * 40, True, 1.5, None])
def test_what_is_no_size_is_refused(text: object) -> None:
    with pytest.raises(InvalidArgument, match="no size"):
        parse_size(text)


@pytest.mark.parametrize(("text", "part"), [("95%", 0.95), (0.5, 0.5), ("1", 1.0)])
def test_part_is_read(text: object, part: float) -> None:
    assert parse_part(text) == part


@pytest.mark.parametrize("text", ["nan", "2", "-1%", "x", True])
def test_what_is_no_part_is_refused(text: object) -> None:
    with pytest.raises(InvalidArgument):
        parse_part(text)


def test_file_of_rules_is_read() -> None:
    raw = b'max-waste = "50MB"\nfrom = "app:1"\nmax-update-bytes = 100\n'
    raw += b'no-hidden-secrets = true\nallow-secrets = ["a/*"]\n'
    assert parse_rules(raw) == Rules(
        max_waste=50_000_000,
        max_update_bytes=100,
        update_from="app:1",
        no_hidden_secrets=True,
        allow_secrets=("a/*",),
    )


@pytest.mark.parametrize(
    "raw",
    [
        b"max-wast = 1",
        b"max-waste = ",
        b"\xff",
        b"no-hidden-secrets = 1",
        b"from = 1",
        b'allow-secrets = "a"',
        b"a" * 9,
    ],
)
def test_file_that_cannot_be_meant_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidArgument):
        parse_rules(raw)


def test_huge_file_is_refused() -> None:
    with pytest.raises(LimitExceeded):
        parse_rules(b"#" * 70_000)


def test_options_win_over_the_file() -> None:
    merged = Rules(max_waste=1).over(Rules(max_waste=2, no_hidden_secrets=True))
    assert (merged.max_waste, merged.no_hidden_secrets) == (1, True)


def test_rule_of_zero_is_a_rule() -> None:
    assert Rules(max_waste=0).over(Rules(max_waste=5)).check().max_waste == 0


@pytest.mark.parametrize("rules", [Rules(), Rules(max_update_bytes=1), Rules(max_waste=1, update_from="a")])
def test_rules_that_ask_nothing_that_can_be_told_are_refused(rules: Rules) -> None:
    with pytest.raises(InvalidArgument):
        rules.check()


def test_waste_over_the_limit_names_the_paths() -> None:
    wasted = waste(Stack(tables({"a": b"123"}, {"a": GONE})))
    assert check_waste(3, wasted).passed
    broken = check_waste(2, wasted)
    assert (broken.passed, broken.found) == (False, ("/a: 3 bytes removed",))


def test_efficiency_below_the_limit_breaks_the_rule() -> None:
    wasted = waste(Stack(tables({"a": b"1"}, {"a": b"333"})))
    assert [check_efficiency(limit, wasted).passed for limit in (0.75, 0.76)] == [True, False]


def test_update_over_the_limit_names_the_layers() -> None:
    base, top = (LayerFacts(Digest.of(name), 10, 0) for name in (b"base", b"top"))
    assert check_update(10, [base], [base, top]).passed
    assert check_update(9, [base], [base, top]).found == (f"layer 2 {top.diff_id.short}: 10 bytes",)


def test_secret_breaks_the_rule_unless_its_path_is_allowed() -> None:
    secret = Secret("etc/ssl/private/a.key", "private key", 2, hidden=True, read=True)
    assert check_secrets([secret], []).found == (
        "/etc/ssl/private/a.key: private key in layer 2, hidden above",
    )
    assert check_secrets([secret], ["/etc/ssl/private/*"]).passed


_VERDICTS = (
    Verdict("max-waste", True, "fine"),
    Verdict("no-hidden-secrets", False, "bad", ("/a\x1b[2J: <key>\ufffe",)),
)


def test_text_is_safe_and_sums_up() -> None:
    text = verdicts.as_text("app:1", _VERDICTS)
    assert "\x1b" not in text
    assert text.splitlines()[0] == "ok    max-waste: fine"
    assert text.splitlines()[-1] == "app:1 breaks 1 of 2 rules"


def test_junit_is_well_formed_whatever_a_path_holds() -> None:
    suite = ET.fromstring(verdicts.as_junit("app:1", _VERDICTS))
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert [case.find("failure") is None for case in suite.findall("testcase")] == [True, False]


def test_document_says_whether_all_is_kept() -> None:
    document = json.loads(json.dumps(plain(verdicts.as_document("app:1", _VERDICTS))))
    assert document["passed"] is False
    assert [rule["passed"] for rule in document["rules"]] == [True, False]
