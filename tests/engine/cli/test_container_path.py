"""Containers by commands: run, look, talk to, end and remove."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import select
import shlex
import signal
import subprocess
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.support import leaks
from tests.support.command import Lamina
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]


@pytest.fixture(scope="module")
def house() -> Iterator[Lamina]:
    """A store with all images of the lab."""
    with leaks.scratch_store() as root:
        lamina = Lamina(root)
        lamina("lab", "up").ok()
        try:
            for image in ("lab/base", "lab/web:1"):
                lamina("pull", "-q", image).ok()
        finally:
            lamina("lab", "down").ok()
        yield lamina


@pytest.fixture(autouse=True)
def no_containers_left(house: Lamina) -> Iterator[None]:
    """Every test begins and ends without containers; what is left mounted, the store's end tells."""
    yield
    left = house("ps", "-aq").ok().out.split()
    if left:
        house("rm", "-f", *left).ok()


def test_output_of_the_program_comes_back(house: Lamina) -> None:
    finished = house("run", "--rm", "lab/base", "echo", "hello").ok()
    assert (finished.out, finished.err) == ("hello\n", "")


def test_container_of_rm_is_gone_when_run_has_ended(house: Lamina) -> None:
    house("run", "--rm", "lab/base", "true").ok()
    assert house("ps", "-aq").ok().out == ""


def test_program_of_its_own_image_is_real(house: Lamina) -> None:
    words = ["run", "--rm", "lab/web:1", "python3", "-c", "import ssl, sqlite3, sys; print(sys.prefix)"]
    assert house(*words).ok().out == "/usr/local\n"


@pytest.mark.parametrize(
    ("words", "code"),
    [(["sh", "-c", "exit 7"], 7), (["/etc/passwd"], 126), (["no-such-program"], 127), ([""], 127)],
)
def test_exit_code_is_dockers(words: list[str], code: int, house: Lamina) -> None:
    assert house("run", "--rm", "lab/base", *words).code == code


def test_standard_input_reaches_the_program(house: Lamina) -> None:
    assert house("run", "--rm", "-i", "lab/base", "cat", stdin="some text").ok().out == "some text"


def test_stderr_stays_stderr(house: Lamina) -> None:
    finished = house("run", "--rm", "lab/base", "sh", "-c", "echo out; echo err >&2").ok()
    assert (finished.out, finished.err) == ("out\n", "err\n")


def test_options_shape_the_container(house: Lamina) -> None:
    script = "echo $A; pwd; id -u; hostname; touch /x 2>/dev/null || echo read-only"
    words = ["-e", "A=1", "-w", "/tmp", "-u", "65534", "-h", "here", "--read-only"]
    finished = house("run", "--rm", *words, "lab/base", "sh", "-c", script).ok()
    assert finished.out.split() == ["1", "/tmp", "65534", "here", "read-only"]


def test_bind_shows_a_directory_of_the_host(house: Lamina) -> None:
    shared = house.root / "shared"
    shared.mkdir()
    (shared / "file").write_text("from the host\n")
    finished = house("run", "--rm", "-v", f"{shared}:/data:ro", "lab/base", "cat", "/data/file")
    assert finished.ok().out == "from the host\n"


def test_missing_image_is_pulled(lamina: Lamina) -> None:
    lamina("lab", "up").ok()
    try:
        finished = lamina("run", "--rm", "lab/base", "echo", "hello").ok()
    finally:
        lamina("lab", "down").ok()
    assert finished.out == "hello\n"
    assert "lab/base is not here; pulling it" in finished.err


def test_missing_image_is_not_pulled_against_the_will(house: Lamina) -> None:
    finished = house("run", "--pull", "never", "nothing")
    assert finished.code == 125


def test_detached_container_is_listed_with_dockers_columns(house: Lamina) -> None:
    container = house("run", "-d", "--name", "sleeper", "lab/base", "sleep", "60").ok().out.strip()
    assert re.fullmatch("[0-9a-f]{64}", container)
    heading, row = house("ps").ok().out.splitlines()
    assert heading.split("   ")[0] == "CONTAINER ID"
    assert re.split("  +", heading)[1:] == ["IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"]
    assert re.split("  +", row)[:3] == [container[:12], "lab/base", '"sleep 60"']
    assert re.search(r" Up .* sleeper$", row)
    assert house("ps", "-q", "--no-trunc").ok().out.strip() == container


def test_ended_container_is_listed_only_with_all(house: Lamina) -> None:
    house("run", "--name", "short", "lab/base", "sh", "-c", "exit 3")
    assert house("ps", "-q").ok().out == ""
    assert "Exited (3) " in house("ps", "-a").ok().out


@pytest.mark.parametrize(
    ("wanted", "count"),
    [("name=sho", 1), ("status=exited", 1), ("status=running", 0), ("label=a=b", 1), ("label=a=c", 0),
     ("name=^/?short$", 1), ("name=^sho$", 0), ("ancestor=lab/base", 1), ("ancestor=lab/web:1", 0)],
)  # fmt: skip
def test_filter_keeps_what_fits(wanted: str, count: int, house: Lamina) -> None:
    house("run", "--name", "short", "-l", "a=b", "lab/base", "true").ok()
    assert len(house("ps", "-aq", "--filter", wanted).ok().out.split()) == count


def test_logs_are_what_was_written_each_on_its_stream(house: Lamina) -> None:
    house("run", "--name", "talker", "lab/base", "sh", "-c", "echo one; echo two >&2; printf three").ok()
    finished = house("logs", "talker").ok()
    assert (finished.out, finished.err) == ("one\nthree", "two\n")


def test_logs_can_begin_near_the_end(house: Lamina) -> None:
    house("run", "--name", "talker", "lab/base", "seq", "100").ok()
    assert house("logs", "--tail", "2", "talker").ok().out == "99\n100\n"


def test_followed_logs_end_with_the_container(house: Lamina) -> None:
    script = "echo one; sleep 1; echo two"
    house("run", "-d", "--name", "talker", "lab/base", "sh", "-c", script).ok()
    assert house("logs", "-f", "talker").ok().out == "one\ntwo\n"


def test_logs_as_json_are_one_document_a_line(house: Lamina) -> None:
    house("run", "--name", "talker", "lab/base", "echo", "one").ok()
    (line,) = house("logs", "--format", "json", "talker").ok().out.splitlines()
    assert (json.loads(line)["stream"], json.loads(line)["text"]) == ("stdout", "one")


def test_container_goes_through_its_life(house: Lamina) -> None:
    house("create", "--name", "c", "lab/base", "sh", "-c", "exit 5").ok()
    assert house("ps", "-aq", "-f", "status=created").ok().out
    assert house("start", "c").ok().out == "c\n"
    assert house("wait", "c").ok().out == "5\n"
    assert house("start", "-a", "c").code == 5
    assert house("rm", "c").ok().out == "c\n"


def test_stop_ends_a_program_that_listens_at_once(house: Lamina) -> None:
    house("run", "-d", "--name", "web", "-e", "PORT=0", "lab/web:1").ok()
    assert eventually(lambda: "listens on port" in house("logs", "web").ok().out)
    assert house("stop", "-t", "90", "web", timeout=60).ok().out == "web\n"
    assert "Exited (0)" in house("ps", "-a").ok().out


def test_kill_sends_the_signal_that_was_named(house: Lamina) -> None:
    house("run", "-d", "--name", "c", "lab/base", "sleep", "60").ok()
    house("kill", "-s", "KILL", "c").ok()
    assert house("wait", "c").ok().out == "137\n"


def test_running_container_is_removed_only_by_force(house: Lamina) -> None:
    house("run", "-d", "--name", "c", "lab/base", "sleep", "60").ok()
    refused = house("rm", "c")
    assert refused.code == 1
    assert "rm -f" in refused.err
    house("rm", "-f", "c").ok()


def test_removal_by_force_of_nothing_succeeds(house: Lamina) -> None:
    finished = house("rm", "-f", "nothing")
    assert (finished.code, finished.out) == (0, "")
    assert "no such container" in finished.err


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_trouble(closed: str, house: Lamina) -> None:
    words = shlex.join(house.words("run", "--rm", "-i", "lab/base", "true"))
    assert subprocess.run(["sh", "-c", f"{words} {closed}"], check=False, timeout=30).returncode == 0


@pytest.mark.parametrize(
    "words", [["\udcff"], ["-h", "\udcff", "lab/base"], ["--name", "\udcff", "lab/base"]]
)
def test_words_that_are_not_utf8_are_refused_in_a_sentence(words: list[str], house: Lamina) -> None:
    finished = house("run", "--rm", *words)
    assert (finished.code, finished.err.startswith("lamina: ")) == (125, True)


def test_one_wrong_name_does_not_stop_the_others(house: Lamina) -> None:
    house("create", "--name", "c", "lab/base", "true").ok()
    finished = house("rm", "nothing", "c")
    assert (finished.code, finished.out) == (1, "c\n")


def test_server_on_the_hosts_network_answers_its_version(house: Lamina) -> None:
    house("run", "-d", "--name", "web", "--network", "host", "-e", "PORT=0", "lab/web:1").ok()
    assert eventually(lambda: "listens on port" in house("logs", "web").ok().out)
    port = int(house("logs", "web").out.split()[-1])
    with contextlib.closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"lab/web version 1\n"
    assert eventually(lambda: '"GET / HTTP/1.1" 200' in house("logs", "web").ok().out)


def test_steps_of_the_start_are_told_with_their_commands(house: Lamina) -> None:
    house("run", "--name", "c", "lab/base", "true").ok()
    steps = house("steps", "c", "--format", "json").json()
    names = [step["name"] for step in steps]
    assert "overlay mounted" in names
    # What the monitor did before the container's first process is told too.
    assert names.index("first process made") < names.index("namespaces made")
    assert any(step["command"] for step in steps)
    assert "\n    $ mount -t overlay " in house("steps", "c").ok().out


def test_container_is_inspected_with_dockers_keys(house: Lamina) -> None:
    house("run", "--name", "c", "lab/base", "sh", "-c", "exit 3")
    (found,) = house("inspect", "c").json()
    assert (found["Name"], found["State"]["ExitCode"]) == ("/c", 3)


def test_interrupt_is_handed_to_the_program(house: Lamina) -> None:
    script = "trap 'echo caught; exit 9' INT; echo ready; while :; do sleep 0.1; done"
    with house.start("run", "--rm", "lab/base", "sh", "-c", script) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert (out, process.returncode) == (b"caught\n", 9)


def test_interrupt_ends_following_quietly(house: Lamina) -> None:
    house("run", "-d", "--name", "c", "lab/base", "sh", "-c", "echo ready; sleep 60").ok()
    with house.start("logs", "-f", "c") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, b"")


def test_attach_stands_in_the_streams_of_a_container(house: Lamina) -> None:
    house("run", "-d", "-i", "--name", "c", "lab/base", "sh", "-c", "read word; echo got $word").ok()
    with house.start("attach", "c") as process:
        out, _ = process.communicate(b"something\n", timeout=60)
    assert (out, process.returncode) == (b"got something\n", 0)


def test_terminal_is_given_to_the_program(house: Lamina) -> None:
    ours, theirs = pty.openpty()
    with open(ours, "rb", buffering=0) as terminal:
        command = house.words(
            "run", "--rm", "-it", "lab/base", "sh", "-c", "tty && stty size; read x; exit 4"
        )
        with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs) as process:
            os.close(theirs)
            shown = b""
            while b"\n" not in shown.partition(b"/dev/")[2]:
                assert select.select([terminal], [], [], 20)[0], shown
                shown += terminal.read(4096)
            os.write(ours, b"\r")
            assert process.wait(timeout=60) == 4
    assert b"/dev/" in shown


def test_damaged_state_file_hides_no_other_container_and_its_own_can_be_removed(house: Lamina) -> None:
    damaged = house("run", "-d", "--name", "damaged", "lab/base", "sleep", "60").ok().out.strip()
    house("create", "--name", "whole", "lab/base", "true").ok()
    (pid,) = (row["State"]["Pid"] for row in house("inspect", "damaged").json())
    (house.root / "containers" / damaged / "state").write_text("")
    assert len(house("ps", "-aq").ok().out.split()) == 2
    assert house("start", "damaged").code == 1
    house("rm", "-f", "damaged").ok()
    assert eventually(lambda: not os.path.exists(f"/proc/{pid}"))


def test_changes_of_a_container_are_told_with_dockers_letters(house: Lamina) -> None:
    house("run", "--name", "c", "lab/base", "sh", "-c", "echo x > /new; rm /etc/group").ok()
    assert house("diff", "c").ok().out == "C /etc\nD /etc/group\nA /new\n"
    assert house("diff", "c", "--format", "json").json()[2] == {"kind": "A", "path": "/new"}
    assert house("diff", "nothing").code == 1


def test_files_go_in_and_come_out(house: Lamina, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("from the host\n")
    house("create", "--name", "c", "lab/base", "cat", "/srv/file").ok()
    copied = house("cp", str(tmp_path / "file"), "c:/srv/file").ok()
    assert copied.err.startswith("Successfully copied 14 B")
    assert house("start", "-a", "c").ok().out == "from the host\n"
    house("cp", "-q", "c:/srv/file", str(tmp_path / "back")).ok()
    assert (tmp_path / "back").read_text() == "from the host\n"
    archive = house("cp", "c:/srv/file", "-").ok().out
    assert "from the host\n" in archive
    assert house("cp", "-", "c:/tmp", stdin=archive).ok().out == ""
    for words in (["c:/a", "c:/b"], ["a", "b"], ["c:", "b"], ["nothing:/a", "b"]):
        assert house("cp", *words).code == 1


def test_container_becomes_an_image_and_an_archive_and_that_an_image(house: Lamina, tmp_path: Path) -> None:
    house("run", "--name", "c", "lab/base", "sh", "-c", "echo new > /new").ok()
    made = house("commit", "-p", "-m", "why", "-c", "CMD cat /new", "c", "made:1").ok().out.strip()
    assert house("run", "--rm", "made:1").ok().out == "new\n"
    assert house("commit", "--pause=false", "c", "--format", "json").json()["id"] != made
    house("export", "-o", str(tmp_path / "c.tar"), "c").ok()
    house("import", "-c", "CMD cat /new", str(tmp_path / "c.tar"), "flat:1").ok()
    assert house("run", "--rm", "flat:1").ok().out == "new\n"
    assert house("export", "c").ok().out.startswith("bin")
    for words in (
        ["commit", "c", "UPPER"],
        ["commit", "nothing"],
        ["export", "-o", "/no/such/place", "c"],
        ["import", "/no/such"],
        ["import", "http://somewhere/x"],
        ["commit", "-c", "RUN x", "c"],
    ):
        refused = house(*words)
        assert (refused.code, refused.err.startswith("lamina: ")) == (1, True), words
    house("rm", "c").ok()
    house("rmi", "-f", "made:1", "flat:1").ok()


def test_lists_and_inspections_take_templates(house: Lamina) -> None:
    house("create", "--name", "shaped", "--label", "tier=front", "lab/base", "true").ok()
    assert (
        house("ps", "-a", "--format", '{{.Names}} {{.State}} {{.Label "tier"}}').out
        == "shaped created front\n"
    )
    table = house("ps", "-a", "--format", r"table {{.ID}}\t{{.Names}}").ok().out.splitlines()
    assert table[0].split() == ["CONTAINER", "ID", "NAMES"]
    assert table[1].split()[1] == "shaped"
    assert house("inspect", "-f", "{{.State.Status}} {{.Name}}", "shaped").out == "created /shaped\n"
    assert "lab/base:latest" in house("images", "--format", "{{.Repository}}:{{.Tag}}").out.splitlines()
    assert house("network", "inspect", "-f", "{{.Driver}}", "bridge").out == "bridge\n"
    house("volume", "create", "shaped").ok()
    assert "shaped local\n" in house("volume", "ls", "--format", "{{.Name}} {{.Driver}}").out
    assert house("volume", "inspect", "-f", "{{.Driver}}", "shaped").out == "local\n"
    house("volume", "rm", "shaped").ok()


def test_history_tells_how_an_image_was_made(house: Lamina) -> None:
    lines = house("history", "lab/web:1").ok().out.splitlines()
    assert lines[0].split() == ["POSITION", "CREATED", "CREATED", "BY", "SIZE", "COMMENT"]
    layers = house("layers", "lab/web:1", "--format", "json").json()
    told = house("history", "lab/web:1", "--format", "json").json()
    assert sorted(row["position"] for row in told if row["position"]) == [one["position"] for one in layers]
    ids = house("history", "-q", "lab/web:1").ok().out.splitlines()
    assert ids == [
        house("images", "-q", "lab/web:1").out.split()[0],
        *["<missing>"] * (len(told) - 1),
    ]
    shaped = house("history", "--format", "{{.ID}}", "--no-trunc", "lab/web:1").ok().out.splitlines()
    assert shaped[0].startswith(f"sha256:{ids[0]}")


def test_events_are_filtered_by_kind_deed_and_name(house: Lamina) -> None:
    house("run", "--rm", "--name", "told", "lab/base", "true").ok()

    def actions(*words: str) -> set[tuple[str, str]]:
        filters = [item for word in words for item in ("--filter", word)]
        lines = house(
            "events", "--since", "1h", "--until", "0s", "--format", "json", *filters
        ).out.splitlines()
        return {(event["kind"], event["action"]) for event in map(json.loads, lines)}

    mine = {("container", word) for word in ("create", "start", "die", "destroy")}
    assert actions("container=told") == mine
    assert actions("container=told", "event=die", "event=start") == {
        ("container", "die"),
        ("container", "start"),
    }
    assert actions("container=told", "type=image") == set()
    assert ("image", "pull") in actions("type=image")
    assert house("events", "--filter", "colour=red").code == 125


def test_images_are_filtered_by_name_and_by_having_one(house: Lamina) -> None:
    def names(word: str) -> list[str]:
        return house("images", "--filter", word, "--format", "{{.Repository}}:{{.Tag}}").ok().out.splitlines()

    for pattern in ("lab/w*", "web:?", "lab/web"):
        assert "lab/web:1" in names(f"reference={pattern}")
        assert "lab/base:latest" not in names(f"reference={pattern}")
    assert "lab/web:1" not in names("dangling=true")
    assert "lab/web:1" in names("dangling=false")
    assert house("images", "--filter", "dangling=maybe").code == 125


def test_one_that_goes_at_its_end_can_be_started_after_a_start_that_failed(
    house: Lamina, tmp_path: Path
) -> None:
    house("create", "--rm", "--name", "late", "-v", f"{tmp_path}:/given", "lab/base", "/given/program").ok()
    assert house("start", "late").code == 1
    (tmp_path / "program").write_text("#!/bin/sh\necho here\n")
    (tmp_path / "program").chmod(0o755)
    assert house("start", "-a", "late").ok().out == "here\n"
    assert house("ps", "-aq", "--filter", "name=late").out == ""
