"""Containers of a real image on a real kernel: their life, and what is left when somebody is killed."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from engine.containers.models import ContainerOptions, Status
from engine.containers.service import ContainerService
from engine.containers.store import ContainerStore
from engine.errors import AlreadyExists, Conflict, InvalidArgument, LaunchError, NotFound
from engine.images.service import ImageService
from engine.launch import frames
from engine.runtime.attach import run_attached
from engine.settings import Settings
from engine.store.journal import Journal
from engine.store.layout import Layout
from tests.support.mounts import mount_table
from tests.support.small_images import SmallImages
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root", "no_leaks")]


@pytest.fixture
async def image(settings: Settings, small_images: SmallImages) -> str:
    Layout.of(settings).create()
    await ImageService(settings).pull(small_images.base)
    return small_images.base


@pytest.fixture
def service(settings: Settings) -> Iterator[ContainerService]:
    service = ContainerService(ContainerStore(settings), ImageService(settings))
    yield service
    for container in service.list():
        service.remove(container.id, force=True)


def _start(service: ContainerService, image: str, *command: str, name: str = "box", **options: object) -> str:
    chosen = ContainerOptions(image=image, command=command, name=name, **options)  # type: ignore[arg-type]
    made = service.create(chosen)
    service.start(made.id)
    return made.id


def test_a_container_is_made_started_stopped_and_removed(service: ContainerService, image: str) -> None:
    made = service.create(ContainerOptions(image=image, command=("sleep", "1000"), name="box"))
    assert made.status is Status.CREATED
    service.start("box")
    assert service.get("box").status is Status.RUNNING
    service.stop("box", timeout=0)
    ended = service.get("box")
    assert (ended.status, ended.exit_code) == (Status.EXITED, 137)
    service.remove("box")
    assert service.list() == []


def test_names_ids_and_prefixes_find_it_and_nothing_else_does(service: ContainerService, image: str) -> None:
    made = service.create(ContainerOptions(image=image, command=("true",), name="box"))
    for name in ("box", made.id, made.id[:12], made.id[:3]):
        assert service.get(name).id == made.id
    for name in ("bo", "%", "", "zzz"):
        with pytest.raises(NotFound):
            service.get(name)


def test_a_taken_name_is_refused_and_leaves_nothing(
    service: ContainerService, image: str, settings: Settings
) -> None:
    service.create(ContainerOptions(image=image, command=("true",), name="box"))
    with pytest.raises(AlreadyExists):
        service.create(ContainerOptions(image=image, command=("true",), name="box"))
    assert len(list(Layout.of(settings).containers.iterdir())) == 1


def test_a_container_without_a_name_gets_one(service: ContainerService, image: str) -> None:
    assert "_" in service.create(ContainerOptions(image=image, command=("true",))).name


def test_its_files_outlive_a_stop(service: ContainerService, image: str) -> None:
    _start(service, image, "sh", "-c", "echo x >> /kept; cat /kept")
    service.wait("box")
    service.start("box")
    service.wait("box")
    with service.logs("box") as log:
        assert [line.text for line in log.read()] == ["x", "x", "x"]


def test_the_exit_code_is_waited_for(service: ContainerService, image: str) -> None:
    _start(service, image, "sh", "-c", "sleep 0.2; exit 9")
    assert service.wait("box") == 9


def test_a_start_that_fails_leaves_it_as_it_was(service: ContainerService, image: str) -> None:
    made = service.create(ContainerOptions(image=image, command=("/no/such",), name="box"))
    with pytest.raises(LaunchError) as caught:
        service.start("box")
    assert caught.value.exit_code == 127
    shown = service.get(made.id)
    assert shown.status is Status.CREATED
    assert "/no/such" in shown.error


def test_a_running_container_is_removed_only_by_force(service: ContainerService, image: str) -> None:
    _start(service, image, "sleep", "1000")
    with pytest.raises(Conflict, match="running"):
        service.remove("box")
    service.remove("box", force=True)
    assert service.list() == []


def test_what_does_not_run_is_not_signalled(service: ContainerService, image: str) -> None:
    service.create(ContainerOptions(image=image, command=("true",), name="box"))
    with pytest.raises(Conflict, match="not running"):
        service.kill("box")
    with pytest.raises(InvalidArgument):
        service.kill("box", "NOPE")


def test_a_front_attached_from_the_start_gets_everything(service: ContainerService, image: str) -> None:
    made = service.create(ContainerOptions(image=image, command=("sh", "-c", "echo all; exit 6"), name="box"))
    attachment = service.start(made.id, attach=True).attachment
    assert attachment is not None
    read, write = os.pipe()
    try:
        assert run_attached(attachment, stdin=None, stdout=write, stderr=write, terminal=False) == 6
        assert os.read(read, 100) == b"all\n"
    finally:
        os.close(read)
        os.close(write)


def test_the_hosts_mounts_are_the_same_while_it_runs(service: ContainerService, image: str) -> None:
    before = mount_table()
    _start(service, image, "sleep", "1000")
    assert mount_table() == before


def test_a_container_whose_monitor_was_killed_is_dead_and_starts_again(
    service: ContainerService, image: str
) -> None:
    _start(service, image, "sleep", "1000")
    running = service.get("box")
    monitor = _parent(running.pid)
    os.kill(monitor, signal.SIGKILL)
    assert eventually(lambda: service.get("box").status is Status.DEAD)
    assert eventually(lambda: not os.path.exists(f"/proc/{running.pid}"))
    service.start("box")
    assert service.get("box").status is Status.RUNNING


def test_one_that_escaped_its_monitors_death_is_ended_on_sight(service: ContainerService, image: str) -> None:
    """The kernel drops the parent-death signal of a program that gains privileges: prctl(2)."""
    _start(service, image, "sleep", "1000")
    running = service.get("box")
    os.kill(running.pid, signal.SIGSTOP)
    os.kill(_parent(running.pid), signal.SIGKILL)
    assert eventually(lambda: service.get("box").status is Status.DEAD)
    assert eventually(lambda: not os.path.exists(f"/proc/{running.pid}"))


def test_rm_is_kept_when_nobody_waits(service: ContainerService, image: str, settings: Settings) -> None:
    _start(service, image, "sleep", "0.1", auto_remove=True)
    assert eventually(lambda: service.list() == [])
    assert eventually(lambda: list(Layout.of(settings).containers.iterdir()) == [])


def test_every_change_is_told_in_the_journal(
    service: ContainerService, image: str, settings: Settings
) -> None:
    _start(service, image, "true")
    service.wait("box")
    service.remove("box")
    told = [event.action for event in Journal(Layout.of(settings)).read() if event.kind == "container"]
    assert told == ["create", "start", "die", "destroy"]


def test_twenty_at_once_leave_nothing(service: ContainerService, image: str, settings: Settings) -> None:
    codes = []

    def cycle(number: int) -> None:
        name = f"box{number}"
        _start(service, image, "sh", "-c", f"exit {number}", name=name)
        codes.append(service.wait(name))
        service.remove(name)

    threads = [threading.Thread(target=cycle, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == list(range(20))
    layout = Layout.of(settings)
    assert list(layout.containers.iterdir()) == []


def test_two_fronts_attached_share_what_is_typed(service: ContainerService, image: str) -> None:
    made = service.create(
        ContainerOptions(image=image, command=("cat",), name="box", interactive=True, tty=True)
    )
    service.start(made.id)
    with service.attach("box") as first, service.attach("box") as second:
        second.sendall(frames.frame(frames.STDIN, b"hello\n"))
        for connection in (first, second):
            connection.settimeout(10)
            seen = b""
            while b"hello" not in seen:
                seen += connection.recv(4096)


def _parent(pid: int) -> int:
    with open(f"/proc/{pid}/stat") as file:
        return int(file.read().rsplit(")", 1)[1].split()[1])
