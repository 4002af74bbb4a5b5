"""A store that stands still: what the engine would say, with the time frozen."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from engine.analysis.sharing import Freed, Sharing
from engine.containers.models import ContainerOptions, ContainerSummary, Status, StepRow
from engine.errors import NotFound
from engine.events import Event
from engine.images.archive_models import LoadedImage, LoadResult, SaveResult
from engine.images.models import (
    HistoryRow,
    ImageDetail,
    ImageSummary,
    LayerProgress,
    LayerRow,
    LayerSlice,
    LayerState,
    PlanLayer,
    PullPlan,
    PullResult,
    RemovedImage,
    Role,
)
from engine.images.moves import BlobProgress, PushResult, Standing, TagStanding
from engine.images.pruning import PrunedImages
from engine.lab.models import LabImage, LabProgress, LabStatus
from engine.models import HostInfo, StoreTotals
from engine.oci import Digest
from engine.runtime.usage import ContainerStats, CpuUse, MemoryUse, Traffic
from engine.upkeep import Pruned
from tests.tui.fake_logs import FakeLogs
from tests.tui.fake_running import FakeRunning
from tests.tui.fake_stores import FakeStores
from tests.tui.fake_terminal import FakeTerminals

if TYPE_CHECKING:
    from engine.analysis.compare import Comparison
    from engine.analysis.content import Contents
    from engine.layers.table import FileTable

NOW = 1_772_370_000.0
MB = 1_000_000


def digest(text: str) -> Digest:
    """A digest that stands for `text`."""
    return Digest("sha256:" + sha256(text.encode(errors="surrogatepass")).hexdigest())


# Each layer: a word for it, its instruction, its unpacked size, its slot.
_DEBIAN = (("debian", "/bin/sh -c #(nop) ADD file:4fe5cb6e3 in / ", 170 * MB, 0),)
_POSTGRES = (
    *_DEBIAN,
    ("pg-locales", "RUN /bin/sh -c apt-get install -y locales tzdata # buildkit", 109 * MB, 1),
    ("pg-server", "RUN /bin/sh -c apt-get install -y postgresql-15 # buildkit", 439 * MB, 2),
    ("pg-conf", "RUN /bin/sh -c sed -ri 's!^#?(listen_addresses).*!x!' # buildkit", 58_000, 3),
    ("pg-data", 'RUN /bin/sh -c mkdir -p "$PGDATA" && chmod 1777 "$PGDATA" # buildkit', 4096, 4),
    ("pg-entry", "COPY docker-entrypoint.sh /usr/local/bin/ # buildkit", 9800, 5),
)
_REDIS = (
    *_DEBIAN,
    ("redis-user", "RUN groupadd -r redis && useradd -r -g redis redis", 5200, 6),
    ("redis-make", "RUN /bin/sh -c wget -O redis.tar.gz && make -C /usr/src/redis # buildkit", 98 * MB, 7),
    ("redis-entry", "COPY docker-entrypoint.sh /usr/local/bin/", 189, 8),
)
_WEB = (
    ("lab-base", "RUN gather 94 programs of this host", 21 * MB, 9),
    ("lab-python", "RUN copy the interpreter", 62 * MB, 10),
    ("lab-web", "COPY server.py /srv/", 2100, 11),
)
_STACKS = {
    "postgres:15.1": (*_POSTGRES[:-1], ("pg-entry-1", "COPY docker-entrypoint.sh /usr/local/bin/", 189, 12)),
    "postgres:15": _POSTGRES,
    "127.0.0.1:5000/library/redis:7": _REDIS,
    "lab/web:1": _WEB,
    "debian:12": _DEBIAN,
}


class FakeSource(FakeStores, FakeRunning, FakeTerminals, FakeLogs):
    """Answers as the engine does, from memory; what is asked for to be done is noted in `asked`."""

    def __init__(self, *, empty: bool = False) -> None:
        self.asked: list[tuple[object, ...]] = []
        self._prepare()
        self._run()
        self.stacks = {} if empty else dict(_STACKS)
        self.made: list[ContainerSummary] = [] if empty else containers()
        self._begin_logs()
        self.lab = LabStatus(False, False, "", 0, ())
        self.hold_pull = asyncio.Event()
        self.hold_pull.set()
        self.hold_stop = asyncio.Event()
        self.disk = Path(mkdtemp(prefix="lamina-test-"))
        weakref.finalize(self, rmtree, self.disk, ignore_errors=True)
        self.hold_stop.set()

    def changed(self, kind: str = "image") -> None:
        """Have an event of that kind happen."""
        self.tell(Event(NOW, kind, "update", "x"))  # type: ignore[arg-type]  # the tests' own words

    async def images(self) -> list[ImageSummary]:
        return [_summary(name, stack, self.stacks) for name, stack in self.stacks.items()]

    async def image(self, name: str) -> ImageDetail:
        for reference, stack in self.stacks.items():
            if name in (reference, digest(reference)):
                return _detail(reference, stack, self.stacks)
        raise NotFound(f"no image is called {name}", hint="lamina images lists those that are here")

    async def plan(self, reference: str, platform: str = "") -> PullPlan:
        self.asked.append(("plan", reference))
        if "nowhere" in reference:
            raise NotFound(f"{reference} is not in its registry", hint="check the name and the tag")
        here = {layer[0] for stack in self.stacks.values() for layer in stack}
        stack = _WEB if "web" in reference else _STACKS["postgres:15.1"]
        layers = tuple(
            PlanLayer(i, digest("blob" + key), digest(key), size // 3 + 1, key in here, slot)
            for i, (key, _, size, slot) in enumerate(stack, 1)
        )
        fetch = sum(layer.size for layer in layers if not layer.here)
        total = sum(layer.size for layer in layers)
        return PullPlan(
            reference, digest(reference), digest("m" + reference), "linux/amd64", layers, fetch, total
        )

    async def pull(
        self,
        reference: str,
        platform: str = "",
        *,
        on_plan: Callable[[PullPlan], None] | None = None,
        on_progress: Callable[[LayerProgress], None] | None = None,
    ) -> PullResult:
        plan = await self.plan(reference)
        self.asked.append(("pull", reference))
        if on_plan:
            on_plan(plan)
        for layer in plan.layers:
            if on_progress and not layer.here:
                on_progress(
                    LayerProgress(layer.position, LayerState.DOWNLOADING, layer.size * 2 // 3, layer.size)
                )
        await self.hold_pull.wait()
        for layer in plan.layers:
            if on_progress and not layer.here:
                on_progress(LayerProgress(layer.position, LayerState.DONE, layer.size, layer.size))
        self.stacks[reference] = _WEB if "web" in reference else _STACKS["postgres:15.1"]
        self.changed("image")
        return PullResult(plan, plan.fetch_bytes, plan.fetch_bytes * 3, 1.4, True)

    async def preview_remove(self, name: str) -> RemovedImage:
        return RemovedImage((name,), digest(name), (digest("pg-entry-1"),), 189)

    async def remove_image(self, name: str, force: bool = False) -> RemovedImage:
        self.asked.append(("remove_image", name))
        self.stacks.pop(name, None)
        self.changed("image")
        return await self.preview_remove(name)

    async def sharing(self, names: Sequence[str] = ()) -> Sharing:
        freed = Freed((digest("pg-entry-1"), digest("redis-make")), 98 * MB, 31 * MB)
        return Sharing((), (), 0, 0, freed)

    async def tag_image(self, name: str, target: str) -> None:
        self.asked.append(("tag_image", name, target))

    async def push(self, name: str, *, on_blob: Callable[[BlobProgress], None] | None = None) -> PushResult:
        self.asked.append(("push", name))
        return PushResult(name, name, digest(name), 189, 0, 300 * MB, 300 * MB, 1, 0.4)

    async def save(self, names: Sequence[str], target: Path) -> SaveResult:
        self.asked.append(("save", tuple(names), target))
        return SaveResult((), 4 * MB, 0.2)

    async def load(self, source: Path) -> LoadResult:
        self.asked.append(("load", source))
        return LoadResult((LoadedImage(digest("x"), ("x:1",), "linux/amd64", 9, 9, True),), 0.1)

    async def outdated(
        self, names: tuple[str, ...] = (), *, on_standing: Callable[[TagStanding], None] | None = None
    ) -> Sequence[TagStanding]:
        ids = {name: digest(name) for name in self.stacks}
        found = [
            TagStanding(
                "postgres:15", Standing.NEWER, ids["postgres:15"], digest("m"), digest("n"), 189, 300, 1, 6
            ),
            TagStanding("debian:12", Standing.CURRENT, ids["debian:12"], digest("m"), digest("m")),
        ]
        for one in found:
            if on_standing is not None:
                on_standing(one)
        return found

    async def preview_prune(self, all_unused: bool = False) -> Pruned:
        return Pruned(("old",), 9, 0, PrunedImages((), 0, 0, 0), 12 * MB)

    async def prune(self, all_unused: bool = False) -> Pruned:
        self.asked.append(("prune",))
        return await self.preview_prune()

    async def layer_table(self, diff_id: Digest) -> FileTable:
        from tests.tui.fake_files import table

        return table()

    async def compare(self, old: str, new: str) -> Comparison:
        from tests.tui.fake_inside import comparison

        return comparison(await self.image(old), await self.image(new), self.disk)

    async def contents(self, name: str) -> Contents:
        from tests.tui.fake_inside import LAYERS, contents

        number = len((await self.image(name)).layers)
        layers = LAYERS[:number]
        return contents(self.disk, layers, number - len(layers))

    async def containers(self, all: bool = True) -> list[ContainerSummary]:
        return list(self.made)

    async def create(self, options: ContainerOptions) -> ContainerSummary:
        self.asked.append(("create", options))
        name = options.name or "calm_otter"
        made = container(name, options.image, Status.CREATED)
        self.made.insert(0, made)
        return made

    async def start(self, name: str) -> ContainerSummary:
        self.asked.append(("start", name))
        return self._set(name, status=Status.RUNNING, pid=4242, started=NOW, exit_code=None)

    async def stop(self, name: str, timeout: float = 10) -> None:
        self.asked.append(("stop", name))
        await self.hold_stop.wait()
        self._set(name, status=Status.EXITED, pid=0, exit_code=0, finished=NOW)

    async def kill(self, name: str, signal: str = "KILL") -> None:
        self.asked.append(("kill", name))
        self._set(name, status=Status.EXITED, pid=0, exit_code=137, finished=NOW)

    async def remove(self, name: str, force: bool = False) -> None:
        self.asked.append(("remove", name, force))
        self.made = [item for item in self.made if item.id != name]
        self.changed("container")

    async def restart(self, name: str) -> None:
        self.asked.append(("restart", name))
        self._set(name, status=Status.RUNNING, pid=4300, started=NOW, exit_code=None)

    async def pause(self, name: str) -> None:
        self.asked.append(("pause", name))
        self._set(name, status=Status.PAUSED)

    async def unpause(self, name: str) -> None:
        self.asked.append(("unpause", name))
        self._set(name, status=Status.RUNNING)

    async def rename(self, name: str, new: str) -> None:
        self.asked.append(("rename", name, new))
        self.made = [item._replace(name=new) if item.id == name else item for item in self.made]
        self.changed("container")

    async def stats(
        self, names: Sequence[str] = (), interval: float = 1.0, all: bool = False
    ) -> AsyncGenerator[list[ContainerStats], None]:
        for moment in (0, 1):
            yield [stats_of(item, moment) for item in self.made if item.pid]
        await asyncio.Event().wait()

    def _set(self, name: str, **changes: object) -> ContainerSummary:
        for index, item in enumerate(self.made):
            if item.id == name:
                self.made[index] = item._replace(**changes)  # type: ignore[arg-type]  # fields of the model
                self.changed("container")
                return self.made[index]
        raise NotFound(f"no container is called {name}")

    async def steps(self, name: str) -> list[StepRow]:
        return steps()

    async def lab_up(self, on_progress: Callable[[LabProgress], None] | None = None) -> LabStatus:
        self.asked.append(("lab_up",))
        if on_progress:
            on_progress(LabProgress("lab/base: gathering 94 programs", 1, 4))
        images = tuple(LabImage(f"lab/{name}", 9 * MB, 2) for name in ("base", "python", "web:1", "web:2"))
        self.lab = LabStatus(True, True, "127.0.0.1:42000", 77, images)
        return self.lab

    async def lab_down(self) -> LabStatus:
        self.lab = replace(self.lab, running=False)
        return self.lab

    async def lab_status(self) -> LabStatus:
        return self.lab

    async def info(self) -> HostInfo:
        totals = StoreTotals(0, 0, 0, 0, 0, 0)
        return HostInfo(
            "harbour",
            "root",
            "Debian 12",
            "6.18",
            "x86_64",
            2,
            8 * 10**9,
            "v2",
            True,
            "ext4",
            "0.1.0",
            "3.11",
            Path("/var/lib/lamina"),
            Path("/run/lamina"),
            totals,
        )


_Stack = tuple[tuple[str, str, int, int], ...]


def _summary(name: str, stack: _Stack, stacks: dict[str, _Stack]) -> ImageSummary:
    others = {key for other, layers in stacks.items() if other != name for key, *_ in layers}
    slices = tuple(LayerSlice(digest(key), slot, size, key in others) for key, _, size, slot in stack)
    unpacked = sum(layer.unpacked for layer in slices)
    shared = sum(layer.unpacked for layer in slices if layer.shared)
    return ImageSummary(
        digest(name),
        (name,),
        digest("m" + name),
        NOW - 86400 * 5,
        "linux/amd64",
        unpacked // 3,
        unpacked,
        unpacked - shared,
        shared,
        slices,
        1,
    )


def _detail(name: str, stack: _Stack, stacks: dict[str, _Stack]) -> ImageDetail:
    rows = []
    for position, (key, instruction, size, slot) in enumerate(stack, 1):
        used = tuple(
            sorted(
                other for other, layers in stacks.items() if other != name and key in [x[0] for x in layers]
            )
        )
        base = "debian:12" if key == "debian" and name != "debian:12" else ""
        role = (
            Role.BASE if position == 1 else Role.APPLICATION if position == len(stack) else Role.INTERMEDIATE
        )
        rows.append(
            LayerRow(
                position,
                digest(key),
                digest("blob" + key),
                slot,
                size // 3,
                size,
                120,
                used,
                role,
                base,
                instruction,
                NOW - 86400 * 30,
            )
        )
    history = [HistoryRow(row.created, row.created_by, "", row.position, row.unpacked) for row in rows]
    history.append(HistoryRow(NOW - 86400 * 5, '/bin/sh -c #(nop)  CMD ["postgres"]', "", None, 0))
    return ImageDetail(
        _summary(name, stack, stacks),
        tuple(rows),
        tuple(history),
        ("docker-entrypoint.sh",),
        ("postgres",),
        ("PATH=/usr/local/bin:/usr/bin:/bin", "PGDATA=/var/lib/postgresql/data"),
        "/",
        "",
        ("5432/tcp",),
        ("/var/lib/postgresql/data",),
        {"org.opencontainers.image.title": "PostgreSQL"},
        "SIGINT",
        "",
    )


def container(name: str, image: str, status: Status, exit_code: int | None = None) -> ContainerSummary:
    """A container that has been for three minutes in its state."""
    running = status in (Status.RUNNING, Status.PAUSED)
    return ContainerSummary(
        sha256(name.encode(errors="surrogatepass")).hexdigest(),
        name,
        image,
        digest(image),
        ("docker-entrypoint.sh", "postgres"),
        NOW - 300,
        status,
        4211 if running else 0,
        exit_code,
        NOW - 200 if status is not Status.CREATED else None,
        NOW - 7300 if status is Status.EXITED else None,
        "",
        "host",
        False,
        {"team": "harbour"},
    )


def containers() -> list[ContainerSummary]:
    """One of each state that is met every day."""
    return [
        container("pg1", "postgres:15.1", Status.RUNNING),
        container("cache", "127.0.0.1:5000/library/redis:7", Status.RUNNING),
        container("import-2026-03", "debian:12", Status.EXITED, 1),
        container("old", "debian:12", Status.EXITED, 0),
        container("spare", "lab/web:1", Status.CREATED),
    ]


def stats_of(item: ContainerSummary, moment: int) -> ContainerStats:
    """What a container uses at one of two moments; rates are known at the second."""
    number = 1 + int(item.id[:2], 16) % 20
    memory = MemoryUse(number * MB, number * MB, number * MB, 0, 0, 8000 * MB, False)
    cpu = CpuUse(number, float(number) if moment else None, None, None, 0.0)
    return ContainerStats(
        item.id, item.name, NOW + moment, True, cpu, memory, Traffic(9000, 300), Traffic(0, 0), 3, None, None
    )


def steps() -> list[StepRow]:
    """What starting a container takes."""
    return [
        StepRow(
            "namespaces",
            "Made namespaces of its own: mount, pid, uts, ipc, cgroup",
            "unshare -mpuiC --fork",
            0.0004,
        ),
        StepRow(
            "overlay",
            "Mounted 6 layers with a writable one above",
            "mount -t overlay overlay -o lowerdir=… /merged",
            0.0011,
        ),
        StepRow("pivot", "Made the merged directory the root", "pivot_root . .", 0.0002),
        StepRow("proc", "Mounted /proc", "mount -t proc proc /proc", 0.0003),
        StepRow("capabilities", "Kept 14 capabilities of 41", "capsh --drop=…", 0.0001),
        StepRow("exec", "Ran docker-entrypoint.sh postgres", "exec docker-entrypoint.sh postgres", 0.0009),
    ]
