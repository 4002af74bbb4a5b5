"""The pictures of README and guide, taken from the real program on a store of its own: `make pictures`."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

from scripts.terminal import Terminal

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
_PORT = 18080
_FILL = 75  # seconds in which the plots fill
_BUSY = """
import os, random, time
kept = []
while True:
    end = time.time() + random.random() * 0.4
    while time.time() < end: pass
    kept = [bytes(random.randrange(60) << 20)]
    with open("/var/data", "wb") as file: file.write(os.urandom(random.randrange(1, 4) << 20))
    time.sleep(1)
"""
LAMINA = str(Path(sys.executable).parent / "lamina")


def main() -> None:
    """Take all of them; the lab makes the images, so that no network is needed."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="lm-", dir="/var/tmp") as root:
        try:
            _first_minutes(root)
            _inside(root)
            _one_container(root)
            _watching(root)
            _every_day(root)
            _learning(root)
        finally:
            _lamina(root, "rm", "-f", "web", "db", "site", "made")
            _lamina(root, "volume", "rm", "pages")
            _lamina(root, "lab", "down")


def _first_minutes(root: str) -> None:
    """An empty store, the lab, the first pull, and the second, which fetches the changed layer alone."""
    with _open(root, 120, 30) as screen:
        screen.until("Images")
        screen.settle()
        screen.save(PICTURES / "first.png")
        screen.press("L")
        screen.until("3 of 3 layers to fetch")
        screen.press("enter")
        screen.until("predicted", 60)
        screen.press("esc")
    _lamina(root, "pull", "lab/base")
    with _open(root, 120, 30) as screen:
        screen.until("lab/web:1")
        screen.press("P", *"lab/web:2", "enter")
        screen.until("1 of 3 layers to fetch")
        screen.settle()
        screen.save(PICTURES / "plan.png")
        screen.press("enter")
        screen.until("predicted", 60)
        screen.settle()
        screen.save(PICTURES / "pulled.png")


def _inside(root: str) -> None:
    """What a layer changed, what an image carries for nothing, what lies between two tags."""
    first = "head -c 6000000 /dev/urandom > /srv/cache; cp /usr/bin/awk /srv/tool"
    second = "rm /srv/cache; chmod 700 /srv/tool; echo welcome > /etc/motd; echo x >> /etc/passwd"
    for name, base, script in (("app:1", "lab/web:2", first), ("app:2", "app:1", second)):
        _lamina(root, "run", "--name", "made", "--user", "0", "--network", "none", base, "sh", "-c", script)
        _lamina(root, "commit", "made", name)
        _lamina(root, "rm", "made")
    with _open(root, 120, 30) as screen:
        screen.until("app:2")
        screen.press("1", "g", "e")
        screen.until("explore")
        screen.press("v")
        screen.until("motd")
        screen.press("tab")
        while "/etc/passwd" not in screen.text:
            screen.press("j")
        screen.settle()
        screen.save(PICTURES / "explore.png")
        screen.press("w")
        screen.until("unseen")
        screen.settle()
        screen.save(PICTURES / "waste.png")
    with _open(root, 120, 30) as screen:
        screen.until("web:2")
        screen.press("1", "/", *"lab/web", "enter", "*", "c")
        screen.until("to fetch of")
        screen.settle()
        screen.save(PICTURES / "compare.png")
    _lamina(root, "rmi", "app:2", "app:1")


def _one_container(root: str) -> None:
    """A container from its form to its end: a port and a volume, its log, a shell, stop and remove."""
    with _open(root, 120, 30) as screen:
        screen.until("web:2")
        screen.press("1", "/", *"web:2", "enter", "R", "tab", *"site", "tab", "tab", *"pages:/srv/pages")
        screen.press("tab", *f"{_PORT}:8000")
        screen.until("lamina run -d --name site.*")
        screen.save(PICTURES / "run.png")
        screen.press("enter")
        screen.until("1 running")
        screen.press("2", "l")
        for path in ("", "prices", "", "index.html", ""):
            with suppress(OSError), urlopen(f"http://127.0.0.1:{_PORT}/{path}", timeout=5) as answer:
                answer.read()
        screen.until("GET /.*")
        screen.settle(quiet=1)
        screen.save(PICTURES / "logs.png")
        screen.press("2", "E")
        screen.until("sh in site")
        screen.press(*"top", "enter")
        screen.until("load average")
        screen.settle(quiet=1)
        screen.save(PICTURES / "shell.png")
        screen.press("q", "\x1d", "d")
        screen.until("1 terminal")
        screen.press("s")
        screen.until("exited", 30)
        screen.press("d")
        screen.until("Remove site")
        screen.settle()
        screen.save(PICTURES / "remove.png")
        screen.press("y")
        screen.until("No containers")


def _every_day(root: str) -> None:
    """Images that share layers, a container that runs, its log; wide, narrow, dark and light."""
    _lamina(root, "run", "-d", "--name", "web", "lab/web:2")
    with _open(root, 160, 45) as screen:
        screen.until("web:2")
        screen.press("1", "g", "3")
        screen.settle()
        screen.save(PICTURES / "workbench.png")
        screen.press("2")
        screen.settle()
        screen.save(PICTURES / "container.png")
        screen.press("?")
        screen.settle()
        screen.save(PICTURES / "help.png")
    with _open(root, 80, 24) as screen:
        screen.until("web:2")
        screen.settle()
        screen.save(PICTURES / "narrow.png")
    with _open(root, 160, 45) as screen:
        screen.until("web:2")
        screen.press(":", *"lamina-light", "enter", "3")
        screen.settle()
        screen.save(PICTURES / "light.png")


def _watching(root: str) -> None:
    """A container that works: what it uses, and what it writes."""
    _lamina(
        root, "run", "-d", "--name", "db", "--user", "0", "-m", "256m", "lab/web:2", "python3", "-c", _BUSY
    )
    with _open(root, 160, 45) as screen:
        screen.until("web:2")
        screen.press("2", "O")
        screen.settle()
        _lamina(root, "exec", "db", "sh", "-c", "echo db:x:999:999:::: >> /etc/passwd; rm /etc/group")
        screen.until("copied up.*", 30)
        screen.settle(quiet=1.5)
        screen.save(PICTURES / "overlay.png")
        screen.press("m")
        screen.settle(quiet=4, longest=_FILL)  # it writes every two seconds
        screen.save(PICTURES / "stats.png")
    _lamina(root, "rm", "-f", "db")


def _learning(root: str) -> None:
    """A lesson: the step that changes one byte, and what that costs."""
    with _open(root, 120, 30) as screen:
        screen.until("Images")
        screen.press("8")
        screen.until("Container")
        screen.press("/", *"running container", "enter", "enter")
        screen.until("waiting for you")
        for step in (1, 2, 3):
            screen.press("enter")
            screen.until("done ✓")
            if step < 3:
                screen.press("enter")
                screen.until(f"step {step + 1} of.*")
                screen.until("waiting for you")
        screen.settle()
        screen.save(PICTURES / "lesson.png")
        screen.press("esc", "y", "esc", "esc")
        screen.until("that it made is removed")  # killed before, its containers would run on


def _open(root: str, columns: int, rows: int) -> Terminal:
    # What was chosen on this machine before, or in the picture before, is not for this one.
    os.environ |= {"XDG_STATE_HOME": tempfile.mkdtemp(dir=root), "LAMINA_CONFIG": root}
    return Terminal([LAMINA, "--root", root], columns, rows)


def _lamina(root: str, *words: str) -> None:
    subprocess.run([LAMINA, "--root", root, *words], check=False, capture_output=True)


if __name__ == "__main__":
    main()
