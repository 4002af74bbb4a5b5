"""Where the store is and how the engine behaves: paths and settings, read once.

Sources, the later wins: built-in defaults, `settings.toml` of the user (or of the host for root),
the environment (`LAMINA_ROOT`), command-line options. `LAMINA_CONFIG` names another directory for that file
and for what stands beside it: `credentials.json` and `certs.d`.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from engine.errors import InvalidArgument

_PARALLEL_DOWNLOADS = 4
_DETACH_KEYS = "ctrl-p,ctrl-q"
_LOG_SIZE, _LOG_FILES = 20 << 20, 5  # those of Docker's log driver "local"
_KEYS = (
    "insecure-registries", "parallel-downloads", "mirrors", "token-servers", "log-max-size", "log-max-file",
    "detach-keys", "screen",
)  # fmt: skip
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?"


class Settings(NamedTuple):
    """What the engine needs to know before it opens a store.

    :param root: the store's directory; see "On disk" in docs/ARCHITECTURE.md.
    :param run: directory of sockets and other things that die with the machine.
    :param insecure_registries: `host[:port]` names that may be spoken to over plain HTTP
        (loopback addresses always may).
    :param parallel_downloads: layers of one pull that travel at the same time.
    :param mirrors: for a registry, the `host[:port]` of others that are asked first for what is pulled.
    :param token_servers: for a registry, other hosts that its passwords may be shown to for a token.
    :param credential_files: in the format of Docker's `config.json`; a login is written to the first, and
        the first that knows a registry wins.
    :param log_size: bytes of a log file that is full, where a container has no limit of its own; -1 is none.
    :param log_files: how many of them are kept.
    :param detach_keys: what is typed to leave a terminal, as `engine.runtime.keys` reads it.
    :param certificate_directories: with `<host[:port]>/*.crt` for registries of other authorities.
    :param screen: what the workstation is told, which it checks itself.
    :param faults: what is wrong with the settings file, where it was passed over.
    """

    root: Path
    run: Path
    insecure_registries: tuple[str, ...] = ()
    parallel_downloads: int = _PARALLEL_DOWNLOADS
    mirrors: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    token_servers: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    credential_files: tuple[Path, ...] = ()
    certificate_directories: tuple[Path, ...] = ()
    log_size: int = _LOG_SIZE
    log_files: int = _LOG_FILES
    detach_keys: str = _DETACH_KEYS
    screen: Mapping[str, object] = MappingProxyType({})
    faults: tuple[str, ...] = ()


def settings_file() -> Path:
    """The settings file of this user; it need not exist."""
    if chosen := os.environ.get("LAMINA_CONFIG"):
        return Path(chosen).absolute() / "settings.toml"
    if os.geteuid() == 0:
        return Path("/etc/lamina/settings.toml")
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return Path(base) / "lamina" / "settings.toml"


def load_lenient(root: str | os.PathLike[str] | None = None) -> Settings:
    """Settings for a store; of a file that cannot be used the defaults, and what is wrong with it."""
    try:
        return load_settings(root)
    except InvalidArgument as error:
        found = load_settings(root, with_file=False)
        return found._replace(faults=(f"{error.message}{_line_of(error.message)}",))


def _line_of(message: str) -> str:
    """On which line the setting stands that a message names; "" where the message says so itself."""
    try:
        lines = settings_file().read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return ""
    for number, line in enumerate(lines, 1):
        key = line.partition("=")[0].strip().strip("[]\"'")
        if key and re.search(rf"(?<![\w-]){re.escape(key)}(?![\w-])", message):
            return f" (line {number})"
    return ""


def load_settings(root: str | os.PathLike[str] | None = None, *, with_file: bool = True) -> Settings:
    """Settings for a store.

    :param root: the store's directory as given on the command line; else `LAMINA_ROOT`, else the default.
    :param with_file: False takes the defaults for all that the settings file says.
    :raises InvalidArgument: the settings file is not valid; names the file and the key.
    """
    chosen = root or os.environ.get("LAMINA_ROOT")
    if chosen:
        # A store of its own gets a run directory of its own, or two stores would share sockets.
        store = Path(chosen).absolute()
        run = store / "run"
    else:
        store, run = _default_root(), _default_run()
    values = _read(settings_file()) if with_file else {}
    _check_keys(values)
    beside = settings_file().parent
    return Settings(
        root=store,
        run=run,
        insecure_registries=_hosts(values.get("insecure-registries", []), "insecure-registries"),
        parallel_downloads=_positive(values, "parallel-downloads", _PARALLEL_DOWNLOADS),
        mirrors=_hosts_by_registry(values, "mirrors"),
        token_servers=_hosts_by_registry(values, "token-servers"),
        credential_files=(beside / "credentials.json", _docker_config()),
        certificate_directories=(beside / "certs.d", Path("/etc/docker/certs.d")),
        log_size=_size(values, "log-max-size", _LOG_SIZE),
        log_files=_positive(values, "log-max-file", _LOG_FILES),
        detach_keys=_text(values, "detach-keys", _DETACH_KEYS),
        screen=_table(values, "screen"),
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


def _docker_config() -> Path:
    directory = os.environ.get("DOCKER_CONFIG") or os.path.expanduser("~/.docker")
    return Path(directory).absolute() / "config.json"


def _check_keys(values: dict[str, object]) -> None:
    for key in values:
        if key not in _KEYS:
            raise InvalidArgument(
                f"{settings_file()}: there is no setting {key!r}", hint=f"there are: {', '.join(_KEYS)}"
            )


def _hosts(value: object, key: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise InvalidArgument(f"{settings_file()}: {key} must be a list of hosts")
    return tuple(_host(item, key) for item in value)


def _hosts_by_registry(values: dict[str, object], key: str) -> dict[str, tuple[str, ...]]:
    table = values.get(key, {})
    if not isinstance(table, dict):
        raise InvalidArgument(
            f"{settings_file()}: {key} must be a table", hint=f'[{key}]  "docker.io" = ["host:5000"]'
        )
    return {_host(name, key): _hosts(hosts, f'{key}."{name}"') for name, hosts in table.items()}


def _host(value: object, key: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(_HOST, value):
        raise InvalidArgument(
            f"{settings_file()}: {key}: {value!r} is not a host",
            hint="say host or host:port, without https:// and without a path",
        )
    return value


def _size(values: dict[str, object], key: str, default: int) -> int:
    value = values.get(key, default)
    found = re.fullmatch(r"([1-9][0-9]{0,5})([kmg])", value) if isinstance(value, str) else None
    if found:
        return int(found[1]) << {"k": 10, "m": 20, "g": 30}[found[2]]
    if value in (default, -1) and not isinstance(value, bool):
        return -1 if value == -1 else default
    raise InvalidArgument(f'{settings_file()}: {key} must be a size such as "20m", or -1 for no limit')


def _text(values: dict[str, object], key: str, default: str) -> str:
    value = values.get(key, default)
    if not isinstance(value, str):
        raise InvalidArgument(f"{settings_file()}: {key} must be a text")
    return value


def _table(values: dict[str, object], key: str) -> Mapping[str, object]:
    value = values.get(key, {})
    if not isinstance(value, dict):
        raise InvalidArgument(f"{settings_file()}: {key} must be a table", hint=f"[{key}]")
    return value


def _positive(values: dict[str, object], key: str, default: int) -> int:
    value = values.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 64:
        raise InvalidArgument(f"{settings_file()}: {key} must be a whole number from 1 to 64")
    return value
