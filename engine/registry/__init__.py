"""The distribution protocol: a client, and a small server for the lab and the tests.

Names load when they are first used: the client and the server bring aiohttp, the directory does not.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.registry.client import RegistryClient
    from engine.registry.directory import RegistryDirectory
    from engine.registry.embedded import EmbeddedRegistry, Served
    from engine.registry.limits import RateLimit
    from engine.registry.pusher import Outcome, RegistryPusher
    from engine.registry.retry import RetryPolicy
else:
    _HOMES = {
        "RegistryClient": "client",
        "RegistryDirectory": "directory",
        "EmbeddedRegistry": "embedded",
        "Served": "embedded",
        "RateLimit": "limits",
        "Outcome": "pusher",
        "RegistryPusher": "pusher",
        "RetryPolicy": "retry",
    }

    def __getattr__(name: str) -> object:
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(f"{__name__}.{home}"), name)
        globals()[name] = value
        return value


__all__ = [
    "EmbeddedRegistry",
    "Outcome",
    "RateLimit",
    "RegistryClient",
    "RegistryDirectory",
    "RegistryPusher",
    "RetryPolicy",
    "Served",
]
