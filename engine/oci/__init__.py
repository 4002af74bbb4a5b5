"""What the OCI specifications say, as pure data: no input, no output."""

from engine.oci.digest import Digest
from engine.oci.reference import Reference

__all__ = ["Digest", "Reference"]
