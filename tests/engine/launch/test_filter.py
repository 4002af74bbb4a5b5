"""The filter of system calls, in a container."""

import json
from typing import Any

import pytest

from engine.errors import NotSupported
from engine.runtime.sandbox import CAPABILITIES
from engine.runtime.seccomp.kept import DEFAULT_PROFILE
from engine.runtime.seccomp.profile import parse_profile
from engine.runtime.seccomp.program import make_program
from engine.runtime.seccomp.rules import Machine, rules_that_count
from tests.engine.launch.sandbox import Sandbox

pytestmark = pytest.mark.system

_NO_MKDIR = {
    "defaultAction": "SCMP_ACT_ALLOW",
    "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}],
}


def _program(document: dict[str, Any] | None = None) -> bytes:
    profile = parse_profile(
        DEFAULT_PROFILE.read_bytes() if document is None else json.dumps(document).encode()
    )
    machine = Machine.here()
    try:
        return make_program(profile, rules_that_count(profile, CAPABILITIES, machine), machine).instructions
    except NotSupported as error:
        pytest.skip(error.message)


def _status(box: Sandbox) -> dict[str, str]:
    out = box.run("cat", "/proc/self/status").out
    return {key: value.strip() for key, _, value in (line.partition(":") for line in out.splitlines())}


@pytest.mark.parametrize("user", ["", "web"])
def test_it_is_loaded_and_no_right_is_left_over_from_loading_it(box: Sandbox, user: str) -> None:
    box.filter, box.user = _program(), user
    status = _status(box)
    assert (status["Seccomp"], status["Seccomp_filters"], status["NoNewPrivs"]) == ("2", "1", "0")
    expected = "0" * 16 if user else "00000000a80425fb"
    assert (status["CapPrm"], status["CapEff"], status["CapInh"]) == (expected, expected, "0" * 16)


@pytest.mark.parametrize("user", ["", "web"])
def test_it_is_loaded_where_no_privileges_can_be_gained(box: Sandbox, user: str) -> None:
    box.filter, box.user, box.no_new_privileges = _program(), user, True
    status = _status(box)
    assert (status["Seccomp"], status["NoNewPrivs"]) == ("2", "1")


def test_no_new_privileges_go_without_a_filter(box: Sandbox) -> None:
    box.no_new_privileges = True
    status = _status(box)
    assert (status["Seccomp"], status["NoNewPrivs"]) == ("0", "1")


def test_a_profile_of_ones_own_is_obeyed(box: Sandbox) -> None:
    box.filter = _program(_NO_MKDIR)
    assert "not supported" in box.shell("busybox mkdir /tmp/x").err.lower()


def test_the_step_is_told(box: Sandbox) -> None:
    box.filter = _program()
    launched = box.start("true")
    assert launched.attachment is not None
    launched.attachment.close()
    assert launched.steps[-1].name == "system calls filtered"
