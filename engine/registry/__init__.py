"""The distribution protocol: a client, and a small server for the lab and the tests.

Names load when they are first used: the client brings asyncio, the server aiohttp, the directory neither.
"""

from typing import TYPE_CHECKING

from engine.lazy import lazily

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

    __getattr__ = lazily(__name__, _HOMES)


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
