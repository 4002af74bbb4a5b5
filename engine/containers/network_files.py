"""The texts of /etc/hosts and /etc/resolv.conf inside."""

from __future__ import annotations

from engine.runtime.isolation import Names


def hosts_text(base: str, names: Names) -> str:
    """`base` and the lines that were asked for (hosts(5))."""
    return base + "".join(f"{address}\t{name}\n" for name, address in names.hosts)


def resolver_text(host: str, names: Names) -> str:
    """The host's resolv.conf with what was asked for in its place (resolv.conf(5))."""
    if not names.servers and not names.search:
        return host
    lines = host.splitlines()
    if names.servers:
        lines = [line for line in lines if not line.startswith("nameserver")]
        lines += [f"nameserver {server}" for server in names.servers]
    if names.search:
        lines = [line for line in lines if not line.startswith(("search", "domain"))]
        wanted = [domain for domain in names.search if domain != "."]
        lines += [f"search {' '.join(wanted)}"] if wanted else []
    return "\n".join(lines) + "\n"
