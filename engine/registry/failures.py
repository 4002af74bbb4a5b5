"""What can go wrong between two machines: what may pass, and what will not."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import h11

from engine.errors import Malformed, Unavailable
from engine.oci.quote import quoted
from engine.registry.retry import Interrupted
from engine.registry.wire import NameUnknown, NoConnection, Silence

FAILURES = (NameUnknown, NoConnection, Silence, OSError, h11.ProtocolError)


@contextmanager
def failures_told_apart(host: str) -> Iterator[None]:
    """Turns what a connection raises inside into errors of ours.

    :param host: whom we speak to.
    :raises Interrupted: it may pass.
    :raises Unavailable, Malformed: it will not.
    """
    try:
        yield
    except NameUnknown as error:
        raise Interrupted("its name cannot be resolved") from error
    except ssl.SSLCertVerificationError as error:
        raise Unavailable(
            f"the certificate of {host} is not trusted: {_tls_reason(error)}",
            hint="if the registry is yours, add its authority to the certificates of this machine",
        ) from error
    except ssl.SSLError as error:
        raise Unavailable(
            f"{host} cannot be spoken to over TLS: {_tls_reason(error)}",
            hint=f'if it speaks plain HTTP, add "{host}" to insecure-registries in the settings',
        ) from error
    except NoConnection as error:
        raise Interrupted("no connection in time") from error
    except (Silence, TimeoutError) as error:
        raise Interrupted("it fell silent") from error
    except OSError as error:
        raise Interrupted(os.strerror(error.errno) if error.errno else "the connection broke") from error
    except h11.ProtocolError as error:
        raise Malformed(
            f"{host} does not speak HTTP", hint="is this the address of an image registry?"
        ) from error


def _tls_reason(error: Exception) -> str:
    words = getattr(error, "verify_message", "") or getattr(error, "reason", "") or str(error)
    return quoted(words.lower().replace("_", " "))[1:-1]
