"""Names lead to no address that registries do not have."""

from __future__ import annotations

import pytest

from engine.registry.hosts import Origin
from engine.registry.wire import NameUnknown, addresses


async def test_an_address_of_the_net_or_of_this_machine_is_given() -> None:
    found = await addresses(Origin("http", "127.0.0.1", 80))
    assert [at for _, at in found] == [("127.0.0.1", 80)]


@pytest.mark.parametrize("host", ["169.254.169.254", "0.0.0.0"])
async def test_addresses_of_metadata_services_are_kept_back(host: str) -> None:
    with pytest.raises(NameUnknown):
        await addresses(Origin("http", host, 80))
