"""How much of a container's log is kept."""

from typing import NamedTuple

SMALLEST = 1024  # bytes in one file; less would be all rotation
MOST_FILES = 100
UNLIMITED_SIZE = -1


class LogLimits(NamedTuple):
    """Docker's `max-size` and `max-file`; 0 is what is usual.

    :param size: bytes in one file; -1 is no limit. :param files: how many are kept, with the present one.
    """

    size: int = 0
    files: int = 0

    def over(self, usual: "LogLimits") -> "LogLimits":
        """These, and where they say nothing, the usual ones."""
        return LogLimits(self.size or usual.size, self.files or usual.files)


# Those of Docker's own log driver "local": a log that nobody looks at must not fill the disk.
USUAL = LogLimits(20 << 20, 5)
