"""Chain IDs: the identity of a stack of layers."""

from __future__ import annotations

from engine.errors import InvalidArgument
from engine.oci.digest import Digest


def chain_ids(diff_ids: tuple[Digest, ...]) -> tuple[Digest, ...]:
    """For each layer the identity of the stack that ends with it.

    Source: OCI image-spec 1.1, config.md, "Layer ChainID".
    """
    chain: list[Digest] = []
    for diff_id in diff_ids:
        chain.append(Digest.of(f"{chain[-1]} {diff_id}".encode()) if chain else diff_id)
    return tuple(chain)


def chain_id(diff_ids: tuple[Digest, ...]) -> Digest:
    """The identity of the whole stack.

    :raises InvalidArgument: there is no layer.
    """
    if not diff_ids:
        raise InvalidArgument("a stack without layers has no chain ID")
    return chain_ids(diff_ids)[-1]
