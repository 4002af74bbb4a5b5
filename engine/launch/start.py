"""The script that a fresh interpreter runs to become a container's monitor.

    python -I -S start.py CONTAINER-ID TASK-FD REPORT-FD ATTACH-FD|-1

It leaves its parent at once, before anything is imported, so that a front that lives on has no
child to wait for, and a front that ends takes nothing with it.
"""

import os
import sys

if __name__ == "__main__":
    if os.fork():
        os._exit(0)
    os.setsid()
    # The package is found by its own place; at the end of the path, so that nothing beside it
    # can stand in for the standard library.
    sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from launch.monitor import main  # type: ignore[import-not-found]  # seen as engine.launch from outside

    main(*map(int, sys.argv[2:5]))
