from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.images.service import ImageService
from engine.settings import Settings
from tests.engine.images.publish import Registry, registry_of


@pytest.fixture
def images(settings: Settings) -> ImageService:
    return ImageService(settings, running=lambda _: False)


@pytest.fixture
async def registry(tmp_path: Path) -> AsyncIterator[Registry]:
    async with registry_of(tmp_path / "registry") as registry:
        yield registry
