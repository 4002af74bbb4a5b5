"""Reading profiles: Docker's form, and nothing that is only like it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import LaminaError, LimitExceeded, Malformed
from engine.runtime.seccomp.kept import DEFAULT_PROFILE
from engine.runtime.seccomp.profile import LARGEST_PROFILE, parse_profile
from engine.runtime.seccomp.rules import Machine, other_architectures

_RULE = {"names": ["read"], "action": "SCMP_ACT_ALLOW"}


def _document(**changes: Any) -> bytes:
    return json.dumps({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [_RULE], **changes}).encode()


def _with_rule(**changes: Any) -> bytes:
    return _document(syscalls=[{**_RULE, **changes}])


def test_the_default_profile_is_one() -> None:
    profile = parse_profile(DEFAULT_PROFILE.read_bytes())
    assert other_architectures(profile, Machine("x86_64", (6, 1))) == ("SCMP_ARCH_X86", "SCMP_ARCH_X32")


def test_the_old_single_name_is_taken() -> None:
    (rule,) = parse_profile(_document(syscalls=[{"name": "read", "action": "SCMP_ACT_ALLOW"}])).rules
    assert rule.names == ("read",)


def test_null_stands_for_nothing() -> None:
    assert parse_profile(_with_rule(args=None, includes=None, excludes={})).rules[0].arguments == ()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"defaultAction": "SCMP_ACT_ERRNO", "defaultAction": "SCMP_ACT_ALLOW"}',
        b'{"defaultAction": NaN}',
        b"[" * 100_000,
        b"\xff\xfe",
        _document(defaultAction="ALLOW"),
        _document(defaultAction=None),
        _document(defaultErrnoRet=-1),
        _document(defaultErrnoRet=4096),
        _document(defaultErrnoRet=True),
        _document(surprise=1),
        _document(listenerPath="/run/x"),
        _document(flags=["SECCOMP_FILTER_FLAG_NEW_LISTENER"]),
        _document(syscalls={}),
        _document(architectures=["SCMP_ARCH_X86"], archMap=[{"architecture": "SCMP_ARCH_X86_64"}]),
        _with_rule(names=[]),
        _with_rule(names=[1]),
        _with_rule(name="write"),
        _with_rule(action="SCMP_ACT_NOTIFY"),
        _with_rule(args=[{"index": 6, "value": 0, "op": "SCMP_CMP_EQ"}]),
        _with_rule(args=[{"index": 0, "value": -1, "op": "SCMP_CMP_EQ"}]),
        _with_rule(args=[{"index": 0, "value": 2**64, "op": "SCMP_CMP_EQ"}]),
        _with_rule(args=[{"index": 0, "value": 1.5, "op": "SCMP_CMP_EQ"}]),
        _with_rule(args=[{"index": 0, "value": 0, "op": "EQ"}]),
        _with_rule(includes={"minKernel": "4"}),
        _with_rule(includes={"kernel": "4.8"}),
    ],
)
def test_what_is_not_a_profile_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse_profile(data)


def test_one_that_is_too_large_is_refused() -> None:
    with pytest.raises(LimitExceeded):
        parse_profile(b" " * (LARGEST_PROFILE + 1))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(["defaultAction", "syscalls", "archMap", "flags", "architectures"]), _JSON)
def test_anything_in_a_fields_place_is_read_or_refused(name: str, value: object) -> None:
    try:
        parse_profile(_document(**{name: value}))
    except LaminaError:
        pass
