"""Which words are a plain run, and that it says and does what the whole command line would."""

from __future__ import annotations

import pytest

from engine.cli import plain_run


def test_usual_words_are_read() -> None:
    words = "--rm -i --name web -e A=b -e C= --network none -w /srv -u 5:6 -h box img sh -c".split()
    found = plain_run.read(words, "/store")
    assert found is not None
    options = found.options()
    assert (options.image, options.command, options.env) == ("img", ("sh", "-c"), ("A=b", "C="))
    assert (options.name, options.network, options.workdir) == ("web", "none", "/srv")
    assert (options.user, options.hostname, options.interactive) == ("5:6", "box", True)
    assert options.auto_remove
    assert [one.network for one in options.attachments] == ["none"]
    assert not found.detach


def test_words_after_the_image_are_the_programs() -> None:
    found = plain_run.read(["-d", "img", "--rm", "-t"], "")
    assert found is not None
    assert (found.detach, found.options().command) == (True, ("--rm", "-t"))
    assert found.options().network == "bridge"


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--rm"],
        ["-it", "img"],
        ["-t", "img"],
        ["--help"],
        ["-p", "80:80", "img"],
        ["-e", "HOME", "img"],
        ["-e", "=x", "img"],
        ["-e"],
        ["--name", "", "img"],
        ["--name=web", "img"],
        ["--network", "default", "img"],
        ["--network", "name=a,ip=10.0.0.2", "img"],
        ["--network", "container:web", "img"],
        ["-e", "A=\0", "img"],
        ["--", "img"],
        [""],
    ],
)
def test_all_other_words_are_left_to_the_command_line(words: list[str]) -> None:
    assert plain_run.read(words, "") is None
