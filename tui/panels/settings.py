"""How a container was made, what is mounted into it, and how its health is asked for."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from engine.containers.models import ContainerSummary
from tui.facts import Inspected
from tui.panels.page import PAIRS, Page, Pair, across, moment, pairs_rows
from tui.text import safe, size
from tui.widgets.columns import Column, Row, cell

_Values = Mapping[str, Any]


def container_config(known: Inspected | None, container: ContainerSummary) -> Page:
    """How a container was made and where it stands; of one that is not inspected yet, what its row says."""
    pairs = _standing(container)
    if known is not None:
        config, host = known.values["Config"], known.values["HostConfig"]
        pairs += [*_program(config), *_limits(host), *_walls(host), *_names(config, host)]
        pairs += [("env", setting) for setting in config["Env"]]
    pairs += [("labels", f"{name}={value}") for name, value in sorted(container.labels.items())]
    return Page(PAIRS, pairs_rows(pairs))


def _standing(container: ContainerSummary) -> list[Pair]:
    exit_code = "" if container.exit_code is None else str(container.exit_code)
    return [
        ("name", container.name),
        ("id", container.id),
        ("image", container.image),
        ("image id", container.image_id),
        ("command", shlex.join(container.command)),
        ("state", container.status.value),
        ("pid", str(container.pid) if container.pid else ""),
        ("exit code", exit_code),
        ("error", container.error),
        ("restarts", str(container.restarts) if container.restarts else ""),
        ("created", moment(container.created)),
        ("started", moment(container.started)),
        ("finished", moment(container.finished)),
        ("network", container.network),
        ("terminal", "yes" if container.tty else "no"),
    ]


def _program(config: _Values) -> list[Pair]:
    return [
        ("entrypoint", shlex.join(config["Entrypoint"])),
        ("cmd", shlex.join(config["Cmd"]) if config["Entrypoint"] else ""),  # else it is the command
        ("workdir", config["WorkingDir"]),
        ("user", config["User"]),
        ("hostname", config["Hostname"]),
        ("stop", _stop(config)),
    ]


def _stop(config: _Values) -> str:
    return f"{config['StopSignal'] or 'SIGTERM'}, SIGKILL after {config['StopTimeout']:g} s"


def _limits(host: _Values) -> list[Pair]:
    """What it may use; nothing is said of what has no limit."""
    pairs: list[Pair] = []
    if host["Memory"]:
        pairs.append(("memory", f"at most {size(host['Memory'])}"))
    if host["MemoryReservation"]:
        pairs.append(("memory", f"{size(host['MemoryReservation'])} kept for it under pressure"))
    if host["NanoCpus"]:
        pairs.append(("processors", f"{host['NanoCpus'] / 1e9:g}"))
    elif host["CpuQuota"] and host["CpuPeriod"]:
        pairs.append(("processors", f"{host['CpuQuota'] / host['CpuPeriod']:g}"))
    if host["CpusetCpus"]:
        pairs.append(("processors", f"only {host['CpusetCpus']}"))
    if host["PidsLimit"]:
        pairs.append(("processes", f"at most {host['PidsLimit']}"))
    pairs += [("ulimits", f"{one['Name']}={one['Soft']}:{one['Hard']}") for one in host["Ulimits"]]
    policy = host["RestartPolicy"]
    times = f", {policy['MaximumRetryCount']} times" if policy["MaximumRetryCount"] else ""
    pairs.append(("restart", f"{policy['Name']}{times}" if policy["Name"] else "no"))
    log = host["LogConfig"]["Config"]
    if log["max-size"] != "-1":
        pairs.append(("log", f"{log['max-file']} files of {_size(log['max-size'])}"))
    return pairs


def _size(text: str) -> str:
    return size(int(text)) if text.isdecimal() else text


def _walls(host: _Values) -> list[Pair]:
    return [
        ("privileged", "yes: no wall stands between it and the host" if host["Privileged"] else ""),
        ("root", "read only" if host["ReadonlyRootfs"] else ""),
        ("may also", ", ".join(host["CapAdd"])),
        ("may not", ", ".join(host["CapDrop"])),
        ("security", ", ".join(host["SecurityOpt"])),
        ("devices", ", ".join(one["PathInContainer"] for one in host["Devices"])),
        ("sysctls", ", ".join(f"{name}={value}" for name, value in host["Sysctls"].items())),
    ]


def _names(config: _Values, host: _Values) -> list[Pair]:
    return [
        ("listens at", ", ".join(config["ExposedPorts"])),
        ("hosts", ", ".join(host["ExtraHosts"])),
        ("dns", ", ".join(host["Dns"])),
        ("search", ", ".join(host["DnsSearch"])),
    ]


_MOUNTS = (
    Column(7),
    Column(14, most=4096, grow=2),
    Column(14, most=4096, grow=3, drop=2),
    Column(10, most=30),
)
_MOUNTS_HEADING = tuple(cell(word, "muted") for word in ("kind", "in the container", "on the host", "access"))
_NO_MOUNTS = (
    "",
    "Nothing is mounted into it: all that it writes goes to its writable layer, and with it.",
    "",
    "-v NAME:/path gives it a volume, which stays.",
)


def mounts(known: Inspected | None) -> Page | None:
    """What of the host a container sees; None while it is not known."""
    if known is None:
        return None
    rows = [_mount(number, mount) for number, mount in enumerate(known.values["Mounts"])]
    for target, flags in known.values["HostConfig"]["Tmpfs"].items():
        rows.append(_mount_row(f"tmpfs-{target}", "tmpfs", target, "memory, gone when it ends", flags))
    heading = _MOUNTS_HEADING if rows else ()
    return Page(_MOUNTS, rows, _NO_MOUNTS, heading=heading)


def _mount(number: int, mount: _Values) -> Row:
    source = mount["Name"] if mount["Type"] == "volume" else mount["Source"]
    source += f"/{mount['Subpath']}" if mount.get("Subpath") else ""
    words = ["writable" if mount["RW"] else "read only"]
    words += [mount["Propagation"]] if mount["Propagation"] not in ("", "rprivate") else []
    return _mount_row(str(number), mount["Type"], mount["Destination"], source, ", ".join(words))


def _mount_row(key: str, kind: str, target: str, source: str, access: str) -> Row:
    target, source, access = safe(target), safe(source), safe(access, 200)
    cells = (
        cell(kind, "accent" if kind == "volume" else "text"),
        cell(target),
        cell(source, "muted"),
        cell(access, "muted"),
    )
    return Row(key, cells, f"{kind} {target} {source}".lower(), f"{source}  →  {target}  ({access})")


_LOOKS = (Column(1), Column(20, most=4096, grow=1))
_LOOK = (Column(19), Column(8, most=12), Column(7, right=True, drop=1), Column(12, most=4096, grow=1))
_INKS = {"healthy": "good", "unhealthy": "bad", "starting": "warn"}
_CHECK = (Column(34, most=44), Column(12, most=4096, grow=1))
_NOTHING = cell("")
_NO_CHECK = (
    "",
    "Nobody asks whether it works: its image has no HEALTHCHECK.",
    "",
    "--health-cmd of lamina run names a command that is asked every so often.",
)


def health(known: Inspected | None) -> Page | None:
    """How a container is asked whether it works, and its last answers; None while that is not known."""
    if known is None:
        return None
    check = known.values["Config"].get("Healthcheck")
    if check is None:
        return Page(_LOOKS, (), _NO_CHECK)
    found = known.values["State"].get("Health", {"Status": "", "FailingStreak": 0, "Log": []})
    status = found["Status"]
    words = f"{status or 'not asked while it does not run'}"
    rows = [_check(check)]
    for look in reversed(found["Log"]):
        rows += _look(look)
    streak = found["FailingStreak"]
    state = [(safe(words, 60), _INKS.get(status, "muted"))]
    state += [(f" · {streak} in a row", "bad")] if streak else []
    return Page(_LOOKS, rows, (), tuple(state))


def _check(check: _Values) -> Row:
    test: Sequence[str] = check["Test"]
    command = test[1] if test[0] == "CMD-SHELL" and len(test) > 1 else shlex.join(test[1:])
    every, patience = check["Interval"] / 1e9, check["Timeout"] / 1e9
    shown = safe(command)
    words = f"every {every:g} s, waits {patience:g} s, ill after {check['Retries']}"
    line = across(_CHECK, (cell(words, "muted"), cell(shown)))
    return Row("check", (cell("?", "accent"), line), shown.lower(), shown)


def _look(look: _Values) -> list[Row]:
    code = look["ExitCode"]
    good = code == 0
    start, end = (_seconds(look[name]) for name in ("Start", "End"))
    lines = [safe(line, 500) for line in look["Output"][:4096].splitlines() if line.strip()][:8] or [""]
    took = f"{max(0.0, end - start) * 1000:.0f} ms" if start and end and end - start < 10 else ""
    mark = cell("✓", "good") if good else cell("✗", "bad")
    verdict = cell("works", "good") if good else cell("too slow" if code < 0 else f"says {code}", "bad")
    first = (cell(moment(start), "muted"), verdict, cell(took, "muted"), cell(lines[0]))
    key = str(look["Start"])
    rows = [Row(key, (mark, across(_LOOK, first)), lines[0].lower(), "  ".join(lines))]
    for number, line in enumerate(lines[1:], 1):
        more = across(_LOOK, (_NOTHING, _NOTHING, _NOTHING, cell(line)))
        rows.append(Row(f"{key}-{number}", (_NOTHING, more), line.lower()))
    return rows


def _seconds(time: str) -> float | None:
    from datetime import datetime

    try:
        return datetime.fromisoformat(time).timestamp()
    except ValueError:
        return None
