"""Programs beside the first one of a container, and terminals that are left and found again."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.containers.task import attach_socket
from engine.launch import unix
from engine.store.layout import Layout
from tests.support import leaks
from tests.support.command import REPOSITORY, Lamina
from tests.support.house import furnish, lab_house
from tests.support.terminal import Terminal
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]

_BUSYBOX = "/bin/busybox"


@pytest.fixture(scope="module")
def house() -> Iterator[Lamina]:
    """A store with one image, "image"."""
    with lab_house() as lamina:
        furnish(lamina, "lab/base", "image")
        yield lamina


@pytest.fixture
def box(house: Lamina) -> Iterator[Lamina]:
    """The same with a container "box" that waits."""
    house("run", "-d", "--name", "box", "--network", "none", "image", "sleep", "infinity").ok()
    yield house
    house("rm", "-f", *house("ps", "-aq").ok().out.split()).ok()


def _on_terminal(house: Lamina, *words: str, rows: int = 24, columns: int = 80) -> Terminal:
    return Terminal(house.words(*words), rows, columns, cwd=str(REPOSITORY))


def _host_pid(marker: str) -> int:
    """The process whose command line is this, and nothing else."""
    for entry in Path("/proc").iterdir():
        try:
            if (
                entry.name.isdigit()
                and (entry / "cmdline").read_bytes() == marker.replace(" ", "\0").encode() + b"\0"
            ):
                return int(entry.name)
        except OSError:
            continue
    return 0


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _appeared(marker: str) -> int:
    assert eventually(lambda: _host_pid(marker) > 0)
    return _host_pid(marker)


def test_both_streams_and_the_exit_code_come_back(box: Lamina) -> None:
    done = box("exec", "box", "sh", "-c", "echo out; echo err >&2; exit 7")
    assert (done.code, done.out, done.err) == (7, "out\n", "err\n")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("box", "no-such-program"), 127), (("box", "/etc/passwd"), 126), (("box", ""), 127),
        (("-u", "nobody-here", "box", "id"), 126), (("-w", "/no/where", "box", "pwd"), 126),
        (("box", "sh", "-c", "kill -9 $$"), 137), (("none", "true"), 125),
        (("-w", "relative", "box", "pwd"), 125), (("-it", "box", "true"), 125),
    ],
)  # fmt: skip
def test_exit_codes_are_dockers(box: Lamina, words: tuple[str, ...], code: int) -> None:
    done = box("exec", *words)
    assert done.code == code
    assert "Traceback" not in done.err
    assert code == 137 or done.err


def test_input_reaches_it_and_ends(box: Lamina) -> None:
    assert box("exec", "-i", "box", "cat", stdin="one\ntwo\n").ok().out == "one\ntwo\n"


def test_without_i_it_has_no_input(box: Lamina) -> None:
    assert box("exec", "box", "cat", stdin="unseen").ok().out == ""


def test_user_directory_and_variables_are_its_own(box: Lamina, tmp_path: Path) -> None:
    (tmp_path / "env").write_text("# a comment\nB=file\nC=file\n")
    options = (
        "-u",
        "www-data",
        "-w",
        "/var/lib/..",
        "-e",
        "A=a b",
        "--env-file",
        str(tmp_path / "env"),
        "-e",
        "C=c",
    )
    done = box("exec", *options, "box", "sh", "-c", "id -un; id -G; pwd -P; echo $A $B $C $HOME")
    assert done.ok().out == "www-data\n33\n/var\na b file c /var/www\n"


def test_privileged_has_more_capabilities_than_the_container(box: Lamina) -> None:
    look = ("box", "grep", "CapEff", "/proc/self/status")
    usual, privileged = (box("exec", *more, *look).ok().out.split()[1] for more in ((), ("--privileged",)))
    assert int(usual, 16) == 0xA80425FB
    assert int(privileged, 16) & ~int(usual, 16)


def test_a_detached_one_goes_on_by_itself(box: Lamina) -> None:
    assert box("exec", "-d", "box", "sh", "-c", "cat; echo done > /tmp/mark; sleep 7301").ok().out == ""
    assert eventually(lambda: box("exec", "box", "cat", "/tmp/mark").out == "done\n")


def test_stopped_and_paused_containers_are_refused(box: Lamina) -> None:
    box("pause", "box").ok()
    assert "is paused" in box("exec", "box", "true").err
    box("unpause", "box").ok()
    box("stop", "-t", "0", "box").ok()
    done = box("exec", "box", "true")
    assert (done.code, "is not running" in done.err) == (125, True)


def test_signals_are_handed_on(box: Lamina) -> None:
    script = "trap 'echo got; exit 5' TERM; echo ready; while :; do sleep 0.1; done"
    with box.start("exec", "box", "sh", "-c", script) as front:
        assert front.stdout is not None
        assert front.stdout.readline() == b"ready\n"
        front.send_signal(signal.SIGTERM)
        assert (front.stdout.readline(), front.wait(20)) == (b"got\n", 5)


def test_a_killed_front_leaves_it_running(box: Lamina) -> None:
    with box.start("exec", "box", "sleep", "7302") as front:
        program = _appeared("sleep 7302")
        front.kill()
        front.wait()
        assert box("exec", "box", "true").code == 0
        assert _host_pid("sleep 7302") == program
    os.kill(program, signal.SIGKILL)
    assert eventually(lambda: not _host_pid("sleep 7302"))


def test_a_killed_supervisor_takes_its_program_with_it_and_nothing_else(box: Lamina) -> None:
    with box.start("exec", "box", "sleep", "7303") as front:
        supervisor = _parent(_appeared("sleep 7303"))
        assert Path(f"/proc/{supervisor}/comm").read_text() == "lamina-exec\n"
        os.kill(supervisor, signal.SIGKILL)
        assert front.wait(20) == 125
    assert eventually(lambda: not _host_pid("sleep 7303"))
    assert box("exec", "box", "true").code == 0


def test_a_program_whose_beginning_nobody_told_is_not_run_twice(box: Lamina) -> None:
    """A supervisor may be killed between the exec of its program and the word of it."""
    box("exec", "box", "true").ok()
    path = str(attach_socket(Layout(box.root, box.root / "run"), box("inspect", "box").json()[0]["Id"]))
    os.rename(path, path + ".own")
    asked = 0
    server = unix.listen(path)
    server.setblocking(True)
    with box.start("exec", "box", "sleep", "7309") as front:
        while select.select([server.fileno()], [], [], 0.1)[0] or front.poll() is None:
            if not select.select([server.fileno()], [], [], 0.1)[0]:
                continue
            asked += 1
            came, own = unix.accept(server), unix.connect(path + ".own")
            own.sendall(came.recv(65536))
            program = _appeared("sleep 7309")
            came.close()
            own.close()
        assert (front.returncode, asked) == (125, 1)
        assert front.stderr is not None
        assert b"before it said whether the program runs" in front.stderr.read()
    server.close()
    os.rename(path + ".own", path)
    os.kill(program, signal.SIGKILL)


def test_a_killed_monitor_ends_everything(box: Lamina) -> None:
    with box.start("exec", "box", "sleep", "7304") as front:
        _appeared("sleep 7304")
        container = box("inspect", "box").json()[0]
        os.kill(_parent(container["State"]["Pid"]), signal.SIGKILL)
        assert front.wait(20) == 137
    assert not _host_pid("sleep 7304")


def test_it_dies_with_the_container(box: Lamina) -> None:
    with box.start("exec", "box", "sleep", "7305") as front:
        _appeared("sleep 7305")
        box("kill", "box").ok()
        assert front.wait(20) == 137


def test_a_front_that_stands_still_does_not_hold_up_the_end_of_the_container(box: Lamina) -> None:
    with box.start("exec", "box", "sh", "-c", "exec yes 7306") as front:
        _appeared("yes 7306")
        front.send_signal(signal.SIGSTOP)
        box("kill", "box").ok()
        assert box("wait", "box").ok().out == "137\n"
        front.send_signal(signal.SIGKILL)


def test_what_it_leaves_in_the_background_does_not_hold_the_front(box: Lamina) -> None:
    assert box("exec", "box", "sh", "-c", "sleep 7307 & echo hi", timeout=60).ok().out == "hi\n"


def test_it_is_told_when_nobody_reads_any_more(box: Lamina) -> None:
    words = " ".join(box.words("exec", "box", "yes", "7308"))
    subprocess.run(["sh", "-c", f"{words} | head -1"], cwd=REPOSITORY, check=True, capture_output=True)
    assert eventually(lambda: not _host_pid("yes 7308"))


@pytest.mark.parametrize("how", [("exec", "box"), ("run", "--rm", "--network", "none", "image")])
def test_no_byte_is_lost_for_a_reader_that_is_slow(box: Lamina, how: tuple[str, ...]) -> None:
    words = " ".join(box.words(*how, "seq", "300000"))
    # Longer than all buffers together, and read when the program has long ended.
    done = subprocess.run(
        ["sh", "-c", f"{words} | (sleep 7; cat) | sha256sum"], cwd=REPOSITORY, check=True, capture_output=True
    )
    wanted = subprocess.run(["sh", "-c", "seq 300000 | sha256sum"], check=True, capture_output=True)
    assert done.stdout == wanted.stdout


def test_two_hundred_leave_nothing(box: Lamina) -> None:
    container = box("inspect", "box").json()[0]
    monitor = _parent(container["State"]["Pid"])
    directory = box.root / "containers" / container["Id"]
    groups = [Path("/sys/fs/cgroup/pids/lamina", container["Id"], "cgroup.procs")]

    def found() -> tuple[object, ...]:
        return (
            sorted(process.pid for process in leaks.processes_of(box.root)),
            sorted(os.readlink(f"/proc/{monitor}/fd/{fd}") for fd in os.listdir(f"/proc/{monitor}/fd")),
            sorted(os.listdir(directory)),
            [group.read_text() for group in groups if group.exists()],
        )

    before = found()
    words = " ".join(box.words("exec", "box", "true"))
    script = f"for i in $(seq 200); do {words} || exit 1; done"
    subprocess.run(["sh", "-c", script], cwd=REPOSITORY, check=True, timeout=110)
    assert eventually(lambda: found() == before), (before, found())


def test_events_tell_of_it(box: Lamina) -> None:
    box("exec", "box", "sh", "-c", "exit 4")
    lines = (box.root / "events.jsonl").read_text().splitlines()
    told = [line for line in lines if '"action":"exec_' in line][-3:]
    assert [line.split('"action":"')[1].split('"')[0] for line in told] == [
        "exec_create",
        "exec_start",
        "exec_die",
    ]
    assert '"exitCode":"4"' in told[2]


# ------------------------------------------------------------------ terminals


def test_a_terminal_has_its_size_before_the_program_begins(box: Lamina) -> None:
    for words in (("exec", "-it", "box"), ("run", "--rm", "-it", "--network", "none", "image")):
        with _on_terminal(box, *words, "stty", "size", rows=33, columns=101) as terminal:
            terminal.until("33 101")
            assert terminal.end() == 0


def test_a_shell_has_job_control(box: Lamina) -> None:
    with _on_terminal(box, "exec", "-it", "box", "sh") as terminal:
        terminal.press("PS1='ready> '\r")
        terminal.until("ready> ")
        terminal.press("sleep 7309\r")
        _appeared("sleep 7309")
        terminal.press("\x1a")
        terminal.until("Stopped")
        terminal.until("ready> ")
        terminal.press("fg\r")
        terminal.until("fg\r\nsleep 7309\r\n")
        terminal.press("\x03")
        terminal.until("ready> ")
        terminal.press("echo still $((40+2))\r")
        terminal.until("still 42")
        terminal.press("exit 3\r")
        assert terminal.end() == 3


@pytest.mark.skipif(not os.path.exists(_BUSYBOX), reason="no busybox here: install busybox-static")
@pytest.mark.parametrize("how", ["exec", "run"])
def test_a_full_screen_editor_follows_the_window(box: Lamina, how: str) -> None:
    bind = ("-v", f"{_BUSYBOX}:/busybox:ro")
    if how == "exec":
        box("run", "-d", "--name", "editing", "--network", "none", *bind, "image", "sleep", "infinity").ok()
        words: tuple[str, ...] = ("exec", "-it", "editing")
    else:
        words = ("run", "--rm", "-it", "--network", "none", *bind, "image")
    with _on_terminal(box, *words, "/busybox", "vi", "/tmp/text", rows=10, columns=40) as terminal:
        terminal.until("\x1b[10;1H")  # its status line is the last one
        terminal.resize(20, 60)
        terminal.until("\x1b[20;1H")
        terminal.press("ihello")
        terminal.until("hello")
        terminal.press("\x1b")
        terminal.until("\x1b[20;1H")
        terminal.press(":wq\r")
        assert terminal.end() == 0


@pytest.mark.parametrize(("option", "typed"), [((), "\x10\x11"), (("--detach-keys", "ctrl-x,q"), "\x18q")])
def test_a_terminal_is_left_and_found_again(box: Lamina, option: tuple[str, ...], typed: str) -> None:
    words = ("run", "--rm", "--name", "shell", "-it", *option, "--network", "none", "image", "sh")
    with _on_terminal(box, *words) as first:
        first.press("echo one $((1+1))\r")
        first.until("one 2")
        first.press(typed)
        assert first.end() == 0
    with _on_terminal(box, "attach", *option, "shell") as second:
        second.press("echo two $((2+2))\r")
        second.until("two 4")
        second.press("exit 6\r")
        assert second.end() == 6
    assert eventually(
        lambda: box("inspect", "shell").code != 0, 10
    )  # its --rm was kept, though nobody waited


def test_the_newest_front_decides_the_size(box: Lamina) -> None:
    words = ("run", "--name", "shell", "-it", "--network", "none", "image", "sh")
    with _on_terminal(box, *words, rows=20, columns=70) as first:
        first.press("PS1=; stty size\r")
        first.until("20 70")
        with _on_terminal(box, "attach", "shell", rows=30, columns=90) as second:
            second.press("\rstty size\r")
            second.until("30 90")
            first.until("30 90")  # both see the same
            first.resize(22, 72)
            second.press("echo newest; stty size\r")
            second.until("30 90")
            second.press("\x10\x11")
            assert second.end() == 0
        first.press("clear; stty size\r")
        first.until("22 72")
        first.press("exit\r")
        assert first.end() == 0


def test_no_byte_is_lost_at_the_end_of_a_terminal(box: Lamina) -> None:
    with _on_terminal(box, "exec", "-it", "box", "seq", "20000") as terminal:
        assert terminal.end() == 0
        assert terminal.seen.split() == [b"%d" % number for number in range(1, 20001)]


def test_attach_without_input_shows_what_is_printed(box: Lamina) -> None:
    script = "while [ ! -e /tmp/go ]; do echo tick; sleep 0.1; done; echo seen; exit 9"
    box("run", "-d", "--name", "late", "--network", "none", "image", "sh", "-c", script).ok()
    with box.start("attach", "--no-stdin", "late") as front:
        assert front.stdout is not None
        assert front.stdout.readline() == b"tick\n"
        box("exec", "late", "touch", "/tmp/go").ok()
        out, _ = front.communicate(timeout=60)
        assert (front.returncode, out.splitlines()[-1]) == (9, b"seen")


def test_keys_that_cannot_be_meant_are_refused(box: Lamina) -> None:
    done = box("attach", "--detach-keys", "ctrl-p,nothing", "box")
    assert (done.code != 0, "is no key" in done.err) == (True, True)


def test_who_joins_is_a_program_that_nobody_can_write_to(box: Lamina) -> None:
    """CVE-2019-5736, by exec: what leads to whoever joins leads to a mount that cannot be written."""
    with box.start("exec", "box", "sleep", "73501") as front:
        try:
            program = _appeared("sleep 73501")
            assert os.statvfs(f"/proc/{_parent(program)}/exe").f_flag & os.ST_RDONLY
            os.kill(program, signal.SIGKILL)
        finally:
            front.kill()


def test_a_script_interpreted_by_whoever_joins_harms_nothing(box: Lamina) -> None:
    script = r"printf '#!/proc/self/exe\nopen(\"/proc/self/exe\", \"ab\")\n' > /evil; chmod 755 /evil"
    box("exec", "box", "sh", "-c", script).ok()
    binary = Path(os.path.realpath(sys.executable))
    before = binary.stat().st_mtime_ns, binary.stat().st_size
    finished = box("exec", "box", "/evil")
    assert finished.code != 0
    assert (binary.stat().st_mtime_ns, binary.stat().st_size) == before
