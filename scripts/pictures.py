"""The pictures of README and guide, taken from the real program on a store of its own: `make pictures`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.terminal import Terminal

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
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
            _watching(root)
            _every_day(root)
            _learning(root)
        finally:
            _lamina(root, "rm", "-f", "web", "db")
            _lamina(root, "lab", "down")


def _first_minutes(root: str) -> None:
    """An empty store, the lab, the first pull, and the second, which fetches the changed layer alone."""
    with _open(root, 120, 30) as screen:
        screen.until("Images")
        screen.settle()
        screen.save(PICTURES / "first.png")
        screen.press("L")
        screen.until("lab/web:1")
        screen.settle()
        screen.press("enter")
        screen.until("predicted|fetched|Done|done", 60)
        screen.press("esc")
    _lamina(root, "pull", "lab/base")
    with _open(root, 120, 30) as screen:
        screen.until("lab/web:1")
        screen.press("P", *"lab/web:2", "enter")
        screen.until("here")
        screen.settle()
        screen.save(PICTURES / "plan.png")
        screen.press("enter")
        screen.until("predicted|fetched|Done|done", 60)
        screen.settle()
        screen.save(PICTURES / "pulled.png")


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
        screen.press(":", *"light", "enter", "3")
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
    return Terminal([LAMINA, "--root", root], columns, rows)


def _lamina(root: str, *words: str) -> None:
    subprocess.run([LAMINA, "--root", root, *words], check=False, capture_output=True)


if __name__ == "__main__":
    main()
