"""Names lead to no address that registries do not have."""

from __future__ import annotations

import socket

import pytest

from engine.registry.resolver import NetResolver


async def test_an_address_of_the_net_or_of_this_machine_is_given() -> None:
    found = await NetResolver().resolve("127.0.0.1", 80, socket.AF_INET)
    assert {each["host"] for each in found} == {"127.0.0.1"}


@pytest.mark.parametrize("host", ["169.254.169.254", "0.0.0.0"])
async def test_addresses_of_metadata_services_are_kept_back(host: str) -> None:
    with pytest.raises(OSError, match="no address that may be asked"):
        await NetResolver().resolve(host, 80, socket.AF_INET)
