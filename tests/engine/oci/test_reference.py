"""References follow Docker's short-name rules and refuse what is no name."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.errors import InvalidArgument
from engine.oci import Digest, Reference

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("redis", "docker.io/library/redis:latest"),
        ("redis:7", "docker.io/library/redis:7"),
        ("lab/web:1", "docker.io/lab/web:1"),
        ("a/b/c", "docker.io/a/b/c:latest"),
        ("docker.io/redis", "docker.io/library/redis:latest"),
        ("index.docker.io/redis", "docker.io/library/redis:latest"),
        ("localhost/redis", "localhost/redis:latest"),
        ("localhost:5000", "docker.io/library/localhost:5000"),
        ("localhost:5000/redis:7", "localhost:5000/redis:7"),
        ("127.0.0.1:5000/redis:7", "127.0.0.1:5000/redis:7"),
        ("[::1]:5000/redis", "[::1]:5000/redis:latest"),
        ("ghcr.io/Team/app", None),
        ("Host/app", "Host/app:latest"),
        ("ghcr.io/team/app", "ghcr.io/team/app:latest"),
        ("quay.io/a/b__c.d-e--f:V1.2_x", "quay.io/a/b__c.d-e--f:V1.2_x"),
        (f"redis@{DIGEST}", f"docker.io/library/redis@{DIGEST}"),
        (f"redis:7@{DIGEST}", f"docker.io/library/redis:7@{DIGEST}"),
        (f"localhost:5000/a@{DIGEST}", f"localhost:5000/a@{DIGEST}"),
    ],
)
def test_short_names_are_completed_as_docker_does(text: str, canonical: str | None) -> None:
    if canonical is None:
        with pytest.raises(InvalidArgument, match="lower case"):
            Reference.parse(text)
    else:
        assert str(Reference.parse(text)) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        " redis",
        "redis\n",
        "/redis",
        "redis/",
        "a//b",
        "../etc/passwd",
        "a/../b",
        "a/./b",
        "-a",
        "a-",
        "a..b",
        "a___b",
        "_a",
        "Redis",
        "redis:",
        "redis:-x",
        "redis:" + "x" * 129,
        "redis:ü",
        "redis@",
        "redis@sha256:abc",
        f"redis@{DIGEST}@{DIGEST}",
        "host:99999/a",
        "host:/a",
        "ho_st.io/a",
        "-host.io/a",
        "user@host.io/a",
        "https://host.io/a",
        "a" * 64,
        "a" * 256,
        "host.io/" + "a/" * 150 + "a",
        "x" * 100_000,
        "redis\x00",
        "redis\u202e",
    ],
)
def test_what_is_no_reference_is_refused_in_printable_words(text: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        Reference.parse(text)
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 500


def test_a_digest_alone_leaves_no_tag() -> None:
    ref = Reference.parse(f"redis@{DIGEST}")
    assert (ref.tag, ref.digest) == (None, Digest.parse(DIGEST))


def test_the_repository_is_domain_and_path() -> None:
    assert Reference.parse("redis:7").repository == "docker.io/library/redis"


@pytest.mark.parametrize(
    ("text", "familiar"),
    [
        ("docker.io/library/redis:7", "redis:7"),
        ("docker.io/lab/web:1", "lab/web:1"),
        ("docker.io/a.b/c:1", "docker.io/a.b/c:1"),
        ("docker.io/localhost/c:1", "docker.io/localhost/c:1"),
        ("docker.io/library/library/c:1", "library/library/c:1"),
        ("127.0.0.1:5000/redis:7", "127.0.0.1:5000/redis:7"),
    ],
)
def test_the_familiar_form_is_what_people_type(text: str, familiar: str) -> None:
    assert Reference.parse(text).familiar == familiar


_label = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
_domains = st.one_of(
    st.sampled_from(["docker.io", "localhost", "127.0.0.1:5000", "[::1]:80"]),
    st.builds("{}.{}".format, _label, _label),
)
_component = st.from_regex(r"[a-z0-9]{1,5}((\.|_|__|-{1,3})[a-z0-9]{1,5}){0,2}", fullmatch=True)
_paths = st.lists(_component, min_size=1, max_size=4).map("/".join)
_tags = st.none() | st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True)
_digests = st.none() | st.binary(max_size=4).map(Digest.of)


@given(_domains, _paths, _tags, _digests)
def test_both_written_forms_read_back_as_the_same_reference(
    domain: str, path: str, tag: str | None, digest: Digest | None
) -> None:
    suffix = (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
    ref = Reference.parse(f"{domain}/{path}{suffix}")
    assert Reference.parse(str(ref)) == ref
    assert Reference.parse(ref.familiar) == ref


@given(st.text(alphabet="ab.:/@_-A[]0\n", max_size=40))
@example("a:0@")
def test_any_text_is_a_reference_or_an_error_of_ours(text: str) -> None:
    try:
        ref = Reference.parse(text)
    except InvalidArgument:
        return
    assert Reference.parse(str(ref)) == ref
    assert Reference.parse(ref.familiar) == ref
    assert ".." not in ref.path.split("/")


@pytest.mark.parametrize("transport", ["docker", "https"])
def test_an_address_is_told_what_to_leave_out(transport: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        Reference.parse(f"{transport}://ghcr.io/team/app:1")
    assert caught.value.hint == f"leave {transport}:// out: ghcr.io/team/app:1"
