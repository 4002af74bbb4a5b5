"""The workstation in a real browser."""

from __future__ import annotations

import asyncio
import io
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from tests.tui.web.chromium import PROGRAM, browser

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(not PROGRAM, reason="no Chromium here: apt install chromium"),
]


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[str]:
    """`lamina web` on a store of its own; the address that it prints."""
    words = [sys.executable, "-m", "tui.entry", "--root", str(tmp_path / "store"), "web", "--port", "0"]
    process = await asyncio.create_subprocess_exec(
        *words, stdout=asyncio.subprocess.PIPE, env={**os.environ, "XDG_STATE_HOME": str(tmp_path)}
    )
    try:
        assert process.stdout is not None
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.terminate()
        await process.communicate()
    assert process.returncode == 0


def colours(picture: bytes) -> int:
    """How many a picture has."""
    return len(Image.open(io.BytesIO(picture)).convert("RGB").getcolors(1 << 20) or ())


async def test_it_is_drawn_takes_keys_and_is_left(address: str, tmp_path: Path) -> None:
    async with browser(tmp_path / "home") as page:
        await page.call("Page.enable")
        await page.call("Page.navigate", url=address)
        await page.until("document.body && document.body.classList.contains('-first-byte')")
        assert await page.says("location.search") == ""
        await page.until("document.querySelector('.xterm-screen') ? 1 : 0")
        await page.says("document.querySelector('textarea').focus()")
        # Lines of panels and words in several inks: more than a blank page has.
        async with asyncio.timeout(20):
            while colours(await page.picture()) < 20:
                await asyncio.sleep(0.2)
        await page.press("q")
        await page.until("document.body.classList.contains('-closed')")


async def test_a_page_without_the_token_sees_nothing(address: str, tmp_path: Path) -> None:
    async with browser(tmp_path / "home") as page:
        await page.call("Page.enable")
        await page.call("Page.navigate", url=address.partition("?")[0])
        await page.until("document.body ? document.body.innerText.includes('Not allowed') : false")
        assert await page.says("document.querySelector('#terminal') === null") is True
