"""`python -m engine.cli`: the command line alone, without the workstation."""

import sys

from engine.cli.quick import main

if __name__ == "__main__":
    sys.exit(main())
