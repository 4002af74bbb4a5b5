"""A stranger's lesson reaches nothing of the host by its commands."""

from __future__ import annotations

import pytest

from engine.errors import InvalidArgument
from engine.lessons.commands import check_command


@pytest.mark.parametrize(
    "words",
    [
        "run -d --name lab-a -p 127.0.0.1::8000 -v lab-data:/srv lab/web:1",
        "run --rm lab/base sh -c 'rm -rf / --no-preserve-root'",  # inside, where it may
        "exec lab-a cat /etc/shadow",
        "push {place.private}/lab/shop:1",
        "tree lab/web:1 /srv --layer 2",
        "commit --change 'CMD [\"hello\"]' --change 'USER nobody' lab-a lab/hello:1",
    ],
)
def test_what_stays_inside_may_be_run(words: str) -> None:
    assert check_command(f"lamina {words}")[0] == words.split()[0]


@pytest.mark.parametrize(
    "words",
    [
        "run --privileged lab/base sh", "run -v /:/host lab/base sh", "run --network host lab/base sh",
        "run -p 0.0.0.0:80:80 lab/base", "run -p 80:80 lab/base", "run --pid host lab/base",
        "run --cap-add SYS_ADMIN lab/base", "run docker.io/library/debian", "run --name web lab/base",
        "run --device /dev/sda lab/base", "run --mount type=bind,src=/,dst=/h lab/base",
        "load -i /etc/passwd",
        "save -o /etc/passwd lab/base", "cp lab-a:/x /etc/passwd", "--root / ps", "system prune -f",
        "lab down", "rm -f web", "volume rm data", "run -v lab-x:/srv:/etc lab/base", "run",
        "login 10.0.0.1", "push registry.example/lab/base", "export lab-a -o /x",
        "commit --change 'VOLUME /x' lab-a lab/b",
        "web", "exec -it lab-a sh",
    ],
)  # fmt: skip
def test_what_leads_outside_is_refused(words: str) -> None:
    with pytest.raises(InvalidArgument):
        check_command(f"lamina {words}")


@pytest.mark.parametrize("text", ["", "lamina", "sh -c id", "lamina 'x", "lamina\x00 ps"])
def test_what_is_no_command_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        check_command(text)
