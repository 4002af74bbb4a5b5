"""Where tokens come from, lists, and what manifests say: a lie is told apart and leaves nothing behind."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from engine.errors import LaminaError, LimitExceeded, Unauthorized
from engine.images.service import ImageService
from engine.oci import Reference, media
from engine.registry import EmbeddedRegistry, RegistryClient, RegistryDirectory
from engine.settings import Settings
from engine.store import Layout
from tests.engine.images.faulty import BIG, SMALL, House, faulty_house
from tests.engine.images.publish import Registry
from tests.engine.registry.peers import HASTY
from tests.support.faulty_registry import FOR_EVER, Fault, Faults

PASSING = (Fault.STALL, Fault.SILENCE, Fault.RESET, Fault.REFUSED, Fault.TOO_MANY, Fault.SERVER_ERROR)
ENDING = (*PASSING, Fault.TRUNCATED, Fault.WRONG_LENGTH, Fault.FLIPPED, Fault.UNAUTHORIZED, Fault.ENDLESS)
SHORT = HASTY._replace(attempts=2, document=1.0)


@dataclass
class Gate:
    """Lets in who has the present token; the next one is made when a blob has broken off.

    :param renewing: whether that makes the present token worthless.
    """

    faults: Faults
    issued: int = 0
    renewing: bool = False

    def issue(self) -> None:
        self.issued += 1
        self.faults.documents["/token"] = json.dumps({"token": f"token{self.issued}"}).encode()

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path == "/token" or request.headers.get("Authorization") == f"Bearer token{self.issued}":
            hits = len(self.faults.hits)
            try:
                return await handler(request)
            finally:
                if self.renewing and any(hit.path == request.path for hit in self.faults.hits[hits:]):
                    self.issue()
        challenge = f'Bearer realm="http://{request.host}/token",service="s"'
        return web.Response(status=401, headers={"WWW-Authenticate": challenge})


@pytest.fixture
async def house(settings: Settings, tmp_path: Path) -> AsyncIterator[House]:
    async with faulty_house(settings, tmp_path / "registry", Gate) as house:
        yield house


def gate_of(house: House) -> Gate:
    assert isinstance(house.gate, Gate)
    return house.gate


@pytest.mark.parametrize("fault", PASSING)
async def test_a_pull_overcomes_what_passes_where_tokens_come_from(house: House, fault: Fault) -> None:
    house.faults.inject(fault, "/token", times=2, at=5)
    await house.pull()
    assert [hit.fault for hit in house.faults.hits] == [fault] * 2
    house.check_image()


@pytest.mark.parametrize("fault", [*ENDING, Fault.DRIP])
async def test_a_token_that_never_comes_right_is_a_clear_error(house: House, fault: Fault) -> None:
    house.faults.pause = 0.2
    house.faults.inject(fault, "/token", times=FOR_EVER, at=5)
    with pytest.raises(LaminaError) as caught:
        await house.pull(SHORT)
    assert "127.0.0.1" in caught.value.message
    assert caught.value.hint
    house.check_nothing_seen()
    assert house.content_bytes() == 0
    house.faults.mend()
    await house.pull()
    house.check_image()


async def test_a_token_that_runs_out_while_a_layer_travels_is_renewed(house: House) -> None:
    gate = gate_of(house)
    gate.renewing = True
    house.faults.inject(Fault.RESET, house.path("layer"), at=100_000)
    result = await house.pull()
    assert result.fetched_bytes == result.plan.fetch_bytes
    assert gate.issued == 2
    house.check_image()


async def test_a_registry_that_wants_no_token_it_gives_ends_the_pull(house: House) -> None:
    house.faults.documents["/token"] = b'{"token": "worthless"}'
    with pytest.raises(Unauthorized) as caught:
        await house.pull()
    assert "lamina login" in caught.value.hint
    house.check_nothing_seen()


# A list has no digest that a changed letter would be known by.
@pytest.mark.parametrize("fault", [fault for fault in (*ENDING, Fault.DRIP) if fault is not Fault.FLIPPED])
async def test_a_list_of_tags_that_never_comes_right_is_a_clear_error(fault: Fault, tmp_path: Path) -> None:
    faults = Faults(RegistryDirectory(tmp_path), pause=0.2)
    faults.documents["/v2/web/tags/list"] = b'{"name": "web", "tags": ["1"]}'
    async with EmbeddedRegistry(faults.directory, middlewares=[faults.middleware]) as server:
        reference = Reference.parse(f"{server.address}/web")
        faults.inject(fault, "/tags/", times=FOR_EVER, at=5)
        async with RegistryClient(Settings(tmp_path, tmp_path), retry=SHORT) as client:
            with pytest.raises(LaminaError) as caught:
                await client.tags(reference)
            assert "127.0.0.1" in caught.value.message
            assert not isinstance(caught.value, LimitExceeded) or fault is Fault.ENDLESS
            faults.mend()
            assert await client.tags(reference) == ["1"]
        faults.stop()


LIES: dict[str, tuple[str, dict[str, object]]] = {
    "a layer has a byte less": ("layers", {"size": len(BIG.blob) - 1}),
    "a layer has a byte more": ("layers", {"size": len(BIG.blob) + 1}),
    "a layer has no size": ("layers", {"size": -1}),
    "a layer is larger than any disk": ("layers", {"size": 1 << 62}),
    "a layer is another one": ("layers", {"digest": SMALL.digest}),
    "a layer is something else": ("layers", {"mediaType": "application/vnd.in-toto+json"}),
    "the config has a byte more": ("config", {"size": 3}),
    "the config is a layer": ("config", {"digest": BIG.digest, "size": len(BIG.blob)}),
}


@pytest.mark.parametrize("lie", LIES)
async def test_what_a_manifest_says_wrongly_is_a_clear_error(
    lie: str, images: ImageService, registry: Registry, settings: Settings
) -> None:
    reference = registry.publish("web:1", BIG)
    registry.directory.add_blob(SMALL.blob)
    key, change = LIES[lie]
    tamper(registry, key, change)
    with pytest.raises(LaminaError) as caught:
        await images.pull(reference)
    said = caught.value.message
    assert f"{registry.address}/web" in said or BIG.diff_id.short in said
    assert images.list() == []
    images.prune()
    layout = Layout.of(settings)
    left = [path for place in (layout.blobs, layout.ingest, layout.layers) for path in place.iterdir()]
    assert left == []


@pytest.mark.parametrize("media_type", [media.OCI_LAYER, media.OCI_LAYER_ZSTD])
async def test_how_a_layer_is_packed_is_seen_whatever_its_manifest_says(
    media_type: str, images: ImageService, registry: Registry
) -> None:
    """Digests say what a layer is; registries hold images whose labels are wrong."""
    reference = registry.publish("web:1", BIG)
    tamper(registry, "layers", {"mediaType": media_type})
    await images.pull(reference)
    assert len(images.list()) == 1


def tamper(registry: Registry, key: str, change: dict[str, object]) -> None:
    """Let the manifest of `web:1` say something else of its config, or of its layer."""
    found = registry.directory.manifest("web", "1")
    document = json.loads(registry.directory.blob(found.digest).read_bytes())
    (document["config"] if key == "config" else document["layers"][0]).update(change)
    registry.directory.add_manifest("web", "1", json.dumps(document).encode(), found.media_type)
