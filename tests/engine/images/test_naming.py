import pytest

from engine.errors import Conflict, InvalidArgument, NotFound
from engine.images.naming import find, label, stored_name
from engine.oci import Digest, Reference
from tests.engine.images.make import catalogue, image

REDIS = image("redis:7", "a", id=Digest("sha256:" + "ab" * 32))
DEBIAN = image("debian:12", "b", id=Digest("sha256:" + "abcd" + "0" * 60))
ALL = catalogue(REDIS, DEBIAN)


@pytest.mark.parametrize("text", ["redis:7", "docker.io/library/redis:7", "library/redis:7"])
def test_an_image_is_found_by_every_way_to_write_its_name(text: str) -> None:
    assert find(ALL, text).image == REDIS


@pytest.mark.parametrize("text", ["ab" * 32, "sha256:" + "ab" * 32, "abab", "sha256:aba"])
def test_an_image_is_found_by_its_id_or_the_start_of_it(text: str) -> None:
    match = find(ALL, text)
    assert (match.image, match.name) == (REDIS, "")


def test_the_start_of_two_ids_is_refused_with_both() -> None:
    with pytest.raises(Conflict) as caught:
        find(ALL, "ab")
    assert REDIS.id.short in caught.value.message
    assert DEBIAN.id.short in caught.value.message


def test_a_name_wins_over_an_id_that_begins_so() -> None:
    named = image("abab:latest", "c")
    assert find(catalogue(REDIS, named), "abab").image == named


def test_an_unknown_name_is_told_with_the_way_to_get_it() -> None:
    with pytest.raises(NotFound) as caught:
        find(ALL, "postgres:15")
    assert "lamina pull postgres:15 " in caught.value.hint


def test_an_unknown_id_is_told() -> None:
    with pytest.raises(NotFound):
        find(ALL, "f" * 64)


@pytest.mark.parametrize("text", ["", "UPPER CASE", "a\x1b[31m", "-x"])
def test_what_is_no_name_at_all_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        find(ALL, text)


def test_an_image_is_found_by_the_digest_of_its_manifest() -> None:
    assert find(ALL, f"redis@{REDIS.manifest_digest}").image == REDIS
    with pytest.raises(NotFound):
        find(ALL, f"other@{REDIS.manifest_digest}")


def test_a_digest_wins_over_a_tag_when_filing() -> None:
    reference = Reference.parse(f"redis:7@{REDIS.id}")
    assert stored_name(reference) == f"docker.io/library/redis@{REDIS.id}"


def test_an_image_without_names_is_called_by_its_id() -> None:
    assert label(image("x", "a", names=())) == image("x", "a").id.short
