"""What a monitor becomes when its container was made with `--rm` and nobody else removes it."""

from __future__ import annotations

import sys
from pathlib import Path

from engine.errors import LaminaError
from engine.settings import Settings


def main() -> int:
    """`python -m engine.containers.removal ROOT RUN ID`"""
    from engine.containers.service import ContainerService
    from engine.containers.store import ContainerStore
    from engine.images.recipe import Recipes

    root, run, container_id = sys.argv[1:4]
    settings = Settings(Path(root), Path(run))
    try:
        store = ContainerStore(settings)
        ContainerService(store, Recipes(settings, store.database)).remove_ended(container_id)
    except LaminaError:
        return 1  # the next look at the store removes it
    return 0


if __name__ == "__main__":
    sys.exit(main())
