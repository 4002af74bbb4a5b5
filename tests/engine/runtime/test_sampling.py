"""What the files of control groups say, of recorded trees of both versions."""

from pathlib import Path

import pytest

from engine.linux.cgroups import Cgroups, Hierarchy
from engine.runtime.sampling import GroupReader, network_of
from engine.runtime.usage import Pressure, Traffic

_ID = "a" * 64
_HOST = 8 << 30
_V1 = {
    "cpuacct/cpuacct.usage": "1500000000\n",
    "cpu/cpu.stat": "nr_periods 10\nnr_throttled 4\nthrottled_time 250000000\n",
    "memory/memory.usage_in_bytes": "1000000\n",
    "memory/memory.stat": "cache 1\ntotal_rss 600000\ntotal_cache 300000\ntotal_inactive_file 200000\n"
    "hierarchical_memory_limit 67108864\n",
    "memory/memory.kmem.usage_in_bytes": "100000\n",
    "blkio/blkio.throttle.io_service_bytes_recursive": "8:0 Read 4096\n8:0 Write 512\n8:16 Read 1\n",
    "pids/pids.current": "3\n",
    "pids/pids.max": "max\n",
}
_V2 = {
    "cpu.stat": "usage_usec 1500000\nnr_periods 10\nnr_throttled 4\nthrottled_usec 250000\n",
    "memory.current": "1000000\n",
    "memory.stat": "anon 600000\nfile 300000\nkernel 100000\ninactive_file 200000\n",
    "memory.max": "67108864\n",
    "io.stat": "8:0 rbytes=4096 wbytes=512 rios=1 wios=1\n8:16 rbytes=1 wbytes=0 rios=1 wios=0\n",
    "pids.current": "3\n",
    "pids.max": "max\n",
    "cpu.pressure": "some avg10=1.50 avg60=0.00 avg300=0.00 total=1\nfull avg10=9.00 total=1\n",
    "memory.pressure": "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n",
    "io.pressure": "some avg10=12.25 avg60=0.00 avg300=0.00 total=1\n",
}


def _write(directory: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def first(tmp_path: Path) -> Cgroups:
    names = sorted({name.split("/")[0] for name in _V1})
    _write(tmp_path, {name.replace("/", f"/lamina/{_ID}/"): text for name, text in _V1.items()})
    return Cgroups(tuple(Hierarchy(tmp_path / name, 1, (name,)) for name in names))


@pytest.fixture
def second(tmp_path: Path) -> Cgroups:
    _write(tmp_path / "lamina" / _ID, _V2)
    return Cgroups((Hierarchy(tmp_path, 2, ("cpu", "io", "memory", "pids")),))


@pytest.mark.parametrize("version", ["first", "second"])
def test_both_versions_say_the_same(version: str, request: pytest.FixtureRequest) -> None:
    found = GroupReader(request.getfixturevalue(version), _HOST).read(_ID)
    assert found is not None
    assert (found.cpu, found.periods, found.throttled_periods) == (1_500_000_000, 10, 4)
    assert found.throttled == 250_000_000
    assert tuple(found.memory) == (800_000, 1_000_000, 600_000, 300_000, 100_000, 64 << 20, True)
    assert found.disk == Traffic(4097, 512)
    assert (found.processes, found.processes_limit) == (3, None)
    assert found.pressure == (Pressure(1.5, 0.0, 12.25) if version == "second" else None)


def test_without_a_limit_the_hosts_memory_is_the_limit(second: Cgroups, tmp_path: Path) -> None:
    (tmp_path / "lamina" / _ID / "memory.max").write_text("max\n")
    found = GroupReader(second, _HOST).read(_ID)
    assert found is not None
    assert (found.memory.limit, found.memory.limited) == (_HOST, False)


def test_what_does_not_run_has_nothing_to_say(second: Cgroups) -> None:
    assert GroupReader(second, _HOST).read("b" * 64) is None


def test_the_network_of_a_process_that_is_gone_is_not_known() -> None:
    assert network_of(2**22 + 1) is None
