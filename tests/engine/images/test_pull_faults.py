"""Whatever a registry does to a pull: the right image or a clear error, and nothing that stays behind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.errors import DigestMismatch, LaminaError, LimitExceeded, Malformed, Unauthorized, Unavailable
from engine.registry import RetryPolicy
from engine.settings import Settings
from tests.engine.images.faulty import BIG, SMALL, House, faulty_house
from tests.engine.registry.peers import HASTY
from tests.support.faulty_registry import FOR_EVER, Fault

PART = 100_000  # bytes that come before a fault
SLOW = HASTY._replace(window=0.3, least=5000, stall=5.0)  # a drip is never silent, only too little
PASSING = (
    Fault.STALL, Fault.SILENCE, Fault.RESET, Fault.REFUSED, Fault.TRUNCATED, Fault.TOO_MANY,
    Fault.SERVER_ERROR, Fault.DRIP,
)  # fmt: skip
# One that ends early is another document, and its pace is not watched: it has a time of its own.
PASSING_IN_DOCUMENTS = tuple(fault for fault in PASSING if fault not in (Fault.TRUNCATED, Fault.DRIP))
ENDINGS = {
    Fault.STALL: Unavailable,
    Fault.SILENCE: Unavailable,
    Fault.RESET: Unavailable,
    Fault.REFUSED: Unavailable,
    Fault.TRUNCATED: Unavailable,
    Fault.WRONG_RANGE: Malformed,
    Fault.WRONG_LENGTH: DigestMismatch,
    Fault.FLIPPED: LaminaError,  # the archive may break before its digest is known
    Fault.UNAUTHORIZED: Unauthorized,
    Fault.TOO_MANY: Unavailable,
    Fault.SERVER_ERROR: Unavailable,
    Fault.ENDLESS: DigestMismatch,
    Fault.DRIP: Unavailable,
}
KEEPING = (Fault.STALL, Fault.RESET, Fault.TRUNCATED)


@pytest.fixture
async def house(settings: Settings, tmp_path: Path) -> AsyncIterator[House]:
    async with faulty_house(settings, tmp_path / "registry") as house:
        yield house


def policy_for(fault: Fault) -> RetryPolicy:
    return SLOW if fault is Fault.DRIP else HASTY


@pytest.mark.parametrize("fault", PASSING)
async def test_a_pull_overcomes_what_passes_in_a_layer(house: House, fault: Fault) -> None:
    house.faults.inject(fault, house.path("layer"), times=2, at=PART)
    result = await house.pull(policy_for(fault))
    assert [hit.fault for hit in house.faults.hits] == [fault] * 2
    assert result.fetched_bytes == result.plan.fetch_bytes == len(BIG.blob) + len(SMALL.blob)
    house.check_image()
    house.check_space_returns()


@pytest.mark.parametrize("place", ["manifest", "config"])
@pytest.mark.parametrize("fault", PASSING_IN_DOCUMENTS)
async def test_a_pull_overcomes_what_passes_in_a_document(house: House, fault: Fault, place: str) -> None:
    house.faults.inject(fault, house.path(place), times=2, at=5)
    await house.pull()
    assert [hit.fault for hit in house.faults.hits] == [fault] * 2
    house.check_image()


@pytest.mark.parametrize("fault", ENDINGS)
async def test_a_layer_that_never_comes_right_is_a_clear_error(house: House, fault: Fault) -> None:
    house.faults.inject(fault, house.path("layer"), times=FOR_EVER, at=PART)
    with pytest.raises(ENDINGS[fault]) as caught:
        await house.pull(policy_for(fault))
    assert BIG.digest.short in caught.value.message
    assert caught.value.hint
    house.check_nothing_seen()


@pytest.mark.parametrize("fault", ENDINGS)
async def test_after_a_fault_the_next_pull_fetches_only_the_rest(house: House, fault: Fault) -> None:
    house.faults.inject(fault, house.path("layer"), times=FOR_EVER, at=PART)
    with pytest.raises(LaminaError):
        await house.pull(policy_for(fault))
    house.faults.mend()
    kept = house.kept(BIG)
    assert kept >= PART * (fault in KEEPING)
    rest = len(BIG.blob) - kept + len(SMALL.blob) - house.kept(SMALL)
    assert (await house.pull()).fetched_bytes == rest
    assert house.server.served[BIG.digest].bytes == len(BIG.blob) - kept
    house.check_image()
    house.check_space_returns()


@pytest.mark.parametrize("fault", ENDINGS)
async def test_what_a_failed_pull_kept_goes_with_the_next_prune(house: House, fault: Fault) -> None:
    house.faults.inject(fault, house.path("layer"), times=FOR_EVER, at=PART)
    with pytest.raises(LaminaError):
        await house.pull(policy_for(fault))
    house.check_space_returns()


@pytest.mark.parametrize("place", ["manifest", "config"])
@pytest.mark.parametrize("fault", ENDINGS)
async def test_a_document_that_never_comes_right_is_a_clear_error(
    house: House, fault: Fault, place: str
) -> None:
    house.faults.inject(fault, house.path(place), times=FOR_EVER, at=5)
    with pytest.raises(LaminaError) as caught:
        await house.pull(HASTY._replace(attempts=2, document=0.5))
    assert "web" in caught.value.message
    assert caught.value.hint
    house.check_nothing_seen()
    assert house.content_bytes() == 0
    house.faults.mend()
    await house.pull()
    house.check_image()


async def test_a_manifest_without_an_end_is_cut_off(house: House) -> None:
    house.faults.inject(Fault.ENDLESS, house.path("manifest"), times=FOR_EVER)
    with pytest.raises(LimitExceeded, match="web:1"):
        await house.pull()


@pytest.mark.parametrize("fault", [Fault.WRONG_RANGE, Fault.WRONG_LENGTH, Fault.UNAUTHORIZED, Fault.ENDLESS])
async def test_a_lie_in_the_middle_ends_the_pull_and_the_next_succeeds(house: House, fault: Fault) -> None:
    house.faults.inject(Fault.RESET, house.path("layer"), at=PART)
    house.faults.inject(fault, house.path("layer"))
    with pytest.raises(ENDINGS[fault]):
        await house.pull()
    house.check_nothing_seen()
    await house.pull()
    house.check_image()
    house.check_space_returns()


async def test_a_registry_that_forgets_ranges_in_the_middle_is_put_up_with(house: House) -> None:
    house.faults.inject(Fault.RESET, house.path("layer"), at=PART)
    house.faults.inject(Fault.NO_RANGE, house.path("layer"))
    result = await house.pull()
    assert result.fetched_bytes == result.plan.fetch_bytes
    house.check_image()


async def test_bytes_kept_from_a_liar_are_fetched_anew(house: House) -> None:
    """What was kept is wrong, which only the digest of the whole can tell."""
    house.faults.inject(Fault.RESET, house.path("layer"), at=PART)
    house.faults.inject(Fault.SERVER_ERROR, house.path("layer"), times=FOR_EVER)
    with pytest.raises(Unavailable):
        await house.pull()
    house.faults.mend()
    ingest = house.layout.ingest / BIG.digest.hex
    with ingest.open("r+b") as file:
        file.seek(PART // 2)
        file.write(b"wrong")
    await house.pull()
    house.check_image()
