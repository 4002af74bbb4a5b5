"""Every error that a person can meet.

    LaminaError
    ├── InvalidArgument      what was asked cannot be meant (bad name, bad option, bad document)
    │   └── Malformed        a document or archive from outside breaks its specification
    ├── NotFound             no such image, container, layer, tag, file
    ├── AlreadyExists        the name is taken
    ├── Conflict             the state forbids it (image in use, container running)
    ├── PermissionDenied     the host or the registry refuses
    │   └── Unauthorized     the registry wants other credentials
    ├── Unavailable          a registry, monitor or helper does not answer
    ├── DigestMismatch       bytes are not what their digest or size says
    ├── LimitExceeded        something from outside is larger than we accept
    ├── NotSupported         this machine or this version cannot do it
    ├── Corrupt              our own store is damaged
    └── LaunchError          a step of starting a container failed

A message says what failed, on what, and why; the hint says what to do next.
"""

from __future__ import annotations


class LaminaError(Exception):
    """Base of all errors the engine raises on purpose.

    :param message: what failed, on what, and why; one line, without a final stop.
    :param hint: what the person can do next, or an empty string.
    """

    exit_code = 125  # Docker's code for "the engine failed, not the program"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InvalidArgument(LaminaError):
    """What was asked cannot be meant."""


class Malformed(InvalidArgument):
    """A document or archive from outside breaks its specification."""


class NotFound(LaminaError):
    """No such image, container, layer, tag or file."""


class AlreadyExists(LaminaError):
    """The name is taken."""


class Conflict(LaminaError):
    """The present state forbids it."""


class PermissionDenied(LaminaError):
    """The host or the registry refuses."""


class Unauthorized(PermissionDenied):
    """The registry wants other credentials."""


class Unavailable(LaminaError):
    """A registry, monitor or helper does not answer."""


class DigestMismatch(LaminaError):
    """Bytes are not what their digest or size says."""


class LimitExceeded(LaminaError):
    """Something from outside is larger than we accept."""


class NotSupported(LaminaError):
    """This machine, or this version, cannot do it."""


class Corrupt(LaminaError):
    """Our own store is damaged."""


class LaunchError(LaminaError):
    """A step of starting a container failed.

    :param stage: name of the step, one of `engine.launch.messages.Stage`.
    :param errno: the system's error number, 0 where there is none.
    :param exit_code: 126 where the program cannot be executed, 127 where it is not found, else 125.
    """

    def __init__(
        self, message: str, *, hint: str = "", stage: str = "", errno: int = 0, exit_code: int = 125
    ) -> None:
        super().__init__(message, hint=hint)
        self.stage = stage
        self.errno = errno
        self.exit_code = exit_code
