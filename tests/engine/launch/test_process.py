"""What the program gets: arguments, streams, exit code, signals, descriptors."""

import fcntl
import json
import os
import resource
import signal
from pathlib import Path

import pytest

from engine.errors import LaunchError
from engine.launch.messages import Stage
from tests.engine.launch.sandbox import Sandbox, outcome

pytestmark = pytest.mark.system


def test_output_and_errors_come_apart_and_the_exit_code_is_the_programs(box: Sandbox) -> None:
    outcome = box.shell("echo out; echo err >&2; exit 3")
    assert (outcome.code, outcome.out, outcome.err) == (3, "out\n", "err\n")


def test_input_reaches_the_program_and_its_end_too(box: Sandbox) -> None:
    assert box.run("cat", stdin=b"a\nb").out == "a\nb"


def test_a_death_by_signal_is_128_and_its_number(box: Sandbox) -> None:
    # As number 1 of its namespace a program is not killed by its own signals, so a child shows it.
    assert box.shell("sh -c 'kill -TERM $$'; exit $?").code == 128 + signal.SIGTERM


def test_the_log_holds_a_json_line_for_each_line_of_output(box: Sandbox) -> None:
    box.shell("echo one; echo two >&2; printf three")
    lines = [json.loads(line) for line in (box.base / "container.log").read_text().splitlines()]
    assert {(line["stream"], line["text"]) for line in lines} == {
        ("stdout", "one"), ("stderr", "two"), ("stdout", "three"),
    }  # fmt: skip


def test_bytes_that_are_no_text_survive_the_log(box: Sandbox) -> None:
    box.shell(r"printf '\377\000x\n'")
    (line,) = (box.base / "container.log").read_text().splitlines()
    assert json.loads(line)["text"].encode("utf-8", "surrogateescape") == b"\xff\0x"


def test_no_descriptor_of_the_engine_is_open_in_the_program(box: Sandbox) -> None:
    assert box.run("ls", "/proc/self/fd").out.split() == ["0", "1", "2", "3"]  # 3 is the listing itself


def test_signals_are_neither_ignored_nor_blocked(box: Sandbox) -> None:
    status = box.run("cat", "/proc/self/status").out
    for field in ("SigIgn", "SigBlk"):
        assert int(status.split(f"{field}:")[1].split()[0], 16) == 0


def test_the_environment_is_the_tasks_and_home_is_the_users(box: Sandbox) -> None:
    box.env = ["A=1", "EMPTY=", "PATH=/bin"]
    box.user = "web"
    assert sorted(box.run("env").out.split()) == ["A=1", "EMPTY=", "HOME=/srv/web", "PATH=/bin"]


def test_a_program_that_is_not_there_is_127(box: Sandbox) -> None:
    with pytest.raises(LaunchError) as caught:
        box.start("nowhere")
    assert (caught.value.exit_code, caught.value.stage) == (127, Stage.EXEC)


def test_a_program_that_cannot_be_executed_is_126(box: Sandbox) -> None:
    with pytest.raises(LaunchError) as caught:
        box.start("/etc/passwd")
    assert caught.value.exit_code == 126


def test_every_step_is_told_with_its_time(box: Sandbox) -> None:
    launched = box.start("true")
    assert launched.attachment is not None
    launched.attachment.close()
    names = [step.name for step in launched.steps]
    assert names[:3] == [Stage.PROCESS, Stage.NAMESPACES, Stage.OVERLAY]
    assert Stage.ROOT in names
    assert names[-1] == Stage.CAPABILITIES
    assert all(step.seconds >= 0 for step in launched.steps)


def test_the_state_tells_the_end(box: Sandbox) -> None:
    box.shell("exit 7")
    assert (box.state.status, box.state.exit_code) == ("exited", 7)
    events = [json.loads(line) for line in (box.base / "events.jsonl").read_text().splitlines()]
    assert [event["action"] for event in events] == ["start", "die"]
    assert events[1]["attributes"]["exitCode"] == "7"


def test_the_program_dies_with_its_monitor(box: Sandbox) -> None:
    launched = box.start("sleep", "1000")
    assert launched.attachment is not None
    launched.attachment.close()
    pidfd = os.pidfd_open(launched.pid)
    os.kill(box.state.monitor.pid, signal.SIGKILL)
    _wait_readable(pidfd)
    assert box.state.status == "dead"


def test_the_interpreter_cannot_be_written_through_proc(box: Sandbox) -> None:
    """CVE-2019-5736: init is this binary until exec, and `/proc/self/exe` leads to it by its own mount."""
    launched = box.start("sleep", "1000")
    assert os.statvfs(f"/proc/{box.state.monitor.pid}/exe").f_flag & os.ST_RDONLY
    os.kill(launched.pid, signal.SIGKILL)
    assert launched.attachment is not None
    with launched.attachment:
        assert outcome(launched.attachment).code == 128 + signal.SIGKILL


def _wait_readable(fd: int) -> None:
    import select

    assert select.select([fd], [], [], 10)[0], "still there after ten seconds"
    os.close(fd)


def test_the_monitor_keeps_nothing_that_its_front_was_started_with(box: Sandbox, tmp_path: Path) -> None:
    lock = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    high = fcntl.fcntl(lock, fcntl.F_DUPFD, 900)
    os.set_inheritable(lock, True)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
    try:
        launched = box.start("sleep", "60")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        os.close(lock)
        os.close(high)
    monitor = box.state.monitor.pid
    kept = [os.readlink(f"/proc/{monitor}/fd/{number}") for number in os.listdir(f"/proc/{monitor}/fd")]
    os.kill(launched.pid, signal.SIGKILL)
    assert launched.attachment is not None
    with launched.attachment:
        assert outcome(launched.attachment).code == 137
    assert [path for path in kept if path.startswith("/") and path != "/dev/null"] == [
        str(box.base / "container.log")
    ]
