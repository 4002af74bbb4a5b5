"""Where the store is and how the engine behaves: paths and settings, read once.

Sources, the later wins: built-in defaults, `settings.toml` of the user (or of the host for root),
the environment (`LAMINA_ROOT`), command-line options.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from engine.errors import InvalidArgument

_PARALLEL_DOWNLOADS = 4


@dataclass(frozen=True, slots=True)
class Settings:
    """What the engine needs to know before it opens a store.

    :param root: the store's directory; see "On disk" in docs/ARCHITECTURE.md.
    :param run: directory of sockets and other things that die with the machine.
    :param insecure_registries: `host[:port]` names that may be spoken to over plain HTTP
        (loopback addresses always may).
    :param parallel_downloads: layers of one pull that travel at the same time.
    """

    root: Path
    run: Path
    insecure_registries: tuple[str, ...] = ()
    parallel_downloads: int = _PARALLEL_DOWNLOADS


def settings_file() -> Path:
    """The settings file of this user; it need not exist."""
    if os.geteuid() == 0:
        return Path("/etc/lamina/settings.toml")
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return Path(base) / "lamina" / "settings.toml"


def load_settings(root: str | os.PathLike[str] | None = None) -> Settings:
    """Settings for a store.

    :param root: the store's directory as given on the command line; else `LAMINA_ROOT`, else the default.
    :raises InvalidArgument: the settings file is not valid; names the file and the key.
    """
    chosen = root or os.environ.get("LAMINA_ROOT")
    if chosen:
        # A store of its own gets a run directory of its own, or two stores would share sockets.
        store = Path(chosen).absolute()
        run = store / "run"
    else:
        store, run = _default_root(), _default_run()
    values = _read(settings_file())
    return Settings(
        root=store,
        run=run,
        insecure_registries=_strings(values, "insecure-registries"),
        parallel_downloads=_positive(values, "parallel-downloads", _PARALLEL_DOWNLOADS),
    )


def _default_root() -> Path:
    if os.geteuid() == 0:
        return Path("/var/lib/lamina")
    base = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return Path(base) / "lamina"


def _default_run() -> Path:
    if os.geteuid() == 0:
        return Path("/run/lamina")
    base = os.environ.get("XDG_RUNTIME_DIR")
    return Path(base) / "lamina" if base else _default_root() / "run"


def _read(path: Path) -> dict[str, object]:
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return {}
    import tomllib  # 5 ms that only those with a settings file pay

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidArgument(
            f"{path} is not valid TOML: {error}", hint="mend the line named, or remove the file"
        ) from error


def _strings(values: dict[str, object], key: str) -> tuple[str, ...]:
    value = values.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InvalidArgument(f"{settings_file()}: {key} must be a list of strings")
    return tuple(value)


def _positive(values: dict[str, object], key: str, default: int) -> int:
    value = values.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 64:
        raise InvalidArgument(f"{settings_file()}: {key} must be a whole number from 1 to 64")
    return value
