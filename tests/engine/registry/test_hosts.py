"""Which address a registry has, and where its answers may lead."""

from __future__ import annotations

import pytest

from engine.errors import Malformed
from engine.registry.hosts import Origin, is_link_local, is_loopback, registry_url


@pytest.mark.parametrize(
    ("domain", "url"),
    [
        ("docker.io", "https://registry-1.docker.io"),
        ("ghcr.io", "https://ghcr.io"),
        ("registry.example:5000", "https://registry.example:5000"),
        ("127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("127.8.9.1", "http://127.8.9.1"),
        ("[::1]:5000", "http://[::1]:5000"),
        ("localhost:5000", "http://localhost:5000"),
        ("localhost", "http://localhost"),
        ("localhost.example.com", "https://localhost.example.com"),
        ("127.0.0.1.example.com", "https://127.0.0.1.example.com"),
        ("plain.example:80", "http://plain.example:80"),
        ("plain.example", "https://plain.example"),
    ],
)
def test_plain_http_is_for_loopback_and_for_registries_named_insecure(domain: str, url: str) -> None:
    assert registry_url(domain, ("plain.example:80",)) == url


def test_a_default_port_is_the_same_origin() -> None:
    assert Origin.of("https://a.example/x") == Origin.of("https://A.example:443")
    assert Origin.of("https://a.example") != Origin.of("http://a.example")


@pytest.mark.parametrize(
    "url",
    ["", "/v2/", "ftp://a", "https://", "https://user@a", "https://a:b@c", "http://a:999999", "http://[::1"],
)
def test_what_cannot_be_asked_has_no_origin(url: str) -> None:
    with pytest.raises(Malformed):
        Origin.of(url)


@pytest.mark.parametrize(
    ("start", "end", "allowed"),
    [
        ("https://registry.example", "https://cdn.example", True),
        ("https://registry.example", "https://registry.example:444", True),
        ("https://registry.example", "http://registry.example", False),
        ("https://registry.example", "http://cdn.example", False),
        ("https://registry.example", "https://127.0.0.1", False),
        ("https://registry.example", "https://localhost", False),
        ("https://registry.example", "https://169.254.169.254", False),
        ("https://registry.example", "https://[fe80::1]", False),
        ("https://registry.example", "https://[::ffff:169.254.169.254]", False),
        ("http://plain.example", "http://plain.example:81", True),
        ("http://plain.example", "http://other.example", False),
        ("http://plain.example", "http://127.0.0.1", False),
        ("http://plain.example", "https://cdn.example", True),
        ("http://127.0.0.1:5000", "http://localhost:5001", True),
        ("http://127.0.0.1:5000", "http://other.example", False),
        ("http://127.0.0.1:5000", "http://169.254.169.254", False),
    ],
)
def test_no_answer_leads_from_tls_to_plain_or_into_this_machine(start: str, end: str, allowed: bool) -> None:
    assert Origin.of(start).may_lead_to(Origin.of(end)) is allowed


@pytest.mark.parametrize("host", ["127.0.0.1", "127.255.0.3", "::1", "localhost", "a.localhost"])
def test_loopback_is_known_by_its_name(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["128.0.0.1", "::2", "localhost.example", "0.0.0.0", ""])
def test_other_names_are_not_loopback(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("host", ["169.254.169.254", "fe80::1%eth0", "0.0.0.0", "224.0.0.1"])
def test_addresses_that_no_registry_has_are_known(host: str) -> None:
    assert is_link_local(host)
