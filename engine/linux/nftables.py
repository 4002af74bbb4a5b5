"""nftables: rulesets by its own library, and single elements of sets and maps by netlink.

A ruleset is text that libnftables, the library of nft(8), sends as one transaction; by ctypes it costs no
process. Elements are what every start adds, and two messages of netlink do it in a fiftieth of the time.
Numbers are from include/uapi/linux/netfilter/{nfnetlink,nf_tables}.h.
"""

import ctypes
import errno
import os
import struct
from collections.abc import Sequence
from typing import NamedTuple

from engine.errors import NotSupported, Unavailable
from engine.linux.netlink import (
    CREATE,
    DUMP,
    Netlink,
    attribute,
    attributes,
    each_attribute,
    message,
    nested,
)

_NETLINK_NETFILTER = 12
_BATCH_BEGIN, _BATCH_END = 0x10, 0x11
_SUBSYSTEM = 10  # NFNL_SUBSYS_NFTABLES
_GETRULE, _NEWRULE = _SUBSYSTEM << 8 | 7, _SUBSYSTEM << 8 | 6
_GETCHAIN, _NEWCHAIN = _SUBSYSTEM << 8 | 4, _SUBSYSTEM << 8 | 3
_CHAIN_TABLE, _CHAIN_NAME, _CHAIN_HOOK, _CHAIN_POLICY = 1, 3, 4, 5
_HOOK_NUMBER, _FORWARD, _DROP = 1, 2, 0  # NFTA_HOOK_HOOKNUM, NF_INET_FORWARD, NF_DROP
_NEWSETELEM, _GETSETELEM, _DELSETELEM = (_SUBSYSTEM << 8 | number for number in (12, 13, 14))
_RULE_TABLE, _RULE_CHAIN, _RULE_HANDLE = 1, 2, 3
_LIST_TABLE, _LIST_SET, _LIST_ELEMENTS = 1, 2, 3
_ELEMENT_KEY, _ELEMENT_DATA, _DATA_VALUE, _LIST_ELEMENT = 1, 2, 1, 1
_ELEMENT_KEY_END = 10
FAMILIES = {"inet": 1, "ip": 2, "ip6": 10}
_LIBRARY = "libnftables.so.1"
# Elements that are removed by one transaction, for each of which the kernel takes milliseconds.
_AT_ONCE = 100


class Element(NamedTuple):
    """One element of a set, or with `value` of a map.

    :param key: as the kernel compares it: fields one after another, each filled up to four bytes.
    :param end: of a set of intervals: the last of the keys that `key` is the first of, field by field.
    """

    set: str
    key: bytes
    value: bytes = b""
    end: bytes = b""


class Table:
    """One table of nftables, of the network namespace that the call is made in.

    :param family: "inet", "ip" or "ip6".
    """

    def __init__(self, family: str, name: str) -> None:
        self._family = FAMILIES[family]
        self._name = name

    def rules(self, chain: str = "") -> list[tuple[int, bytes]]:
        """Its rules, of one chain or of all: handle and what the kernel says of each.

        None where there is no such table or chain.
        """
        body = _header(self._family) + attribute(_RULE_TABLE, self._name)
        if chain:
            body += attribute(_RULE_CHAIN, chain)
        try:
            with Netlink(_NETLINK_NETFILTER) as kernel:
                found = kernel.ask(_GETRULE, DUMP, body, "nftables rules")
        except FileNotFoundError:
            return []
        return [
            (int.from_bytes(attributes(each.body[4:])[_RULE_HANDLE], "big"), each.body)
            for each in found
            if each.kind == _NEWRULE
        ]

    def elements(self, name: str) -> list[Element]:
        """What is in a set or map; nothing where there is none of the name."""
        body = _header(self._family) + attribute(_LIST_TABLE, self._name) + attribute(_LIST_SET, name)
        try:
            with Netlink(_NETLINK_NETFILTER) as kernel:
                found = kernel.ask(_GETSETELEM, DUMP, body, f"nftables set {name}")
        except FileNotFoundError:
            return []
        return [
            _element(name, attributes(data))
            for each in found
            if each.kind == _NEWSETELEM
            for kind, data in each_attribute(attributes(each.body[4:]).get(_LIST_ELEMENTS, b""))
            if kind == _LIST_ELEMENT
        ]

    def add(self, elements: Sequence[Element]) -> None:
        """Add elements, all or none; one that is there with the same value is fine.

        :raises FileExistsError: one is there with another value. :raises FileNotFoundError: no such set.
        """
        if not elements:
            return
        with Netlink(_NETLINK_NETFILTER) as kernel:
            requests = [(_NEWSETELEM, CREATE, self._body(element)) for element in elements]
            kernel.batch(requests, *_batch_ends(), "nftables elements")

    def remove(self, elements: Sequence[Element]) -> None:
        """Remove elements; those that are gone already are no error."""
        with Netlink(_NETLINK_NETFILTER) as kernel:
            for first in range(0, len(elements), _AT_ONCE):
                self._remove(kernel, elements[first : first + _AT_ONCE])

    def _remove(self, kernel: Netlink, elements: Sequence[Element]) -> None:
        """In one transaction, of those that are there."""
        left = [(_DELSETELEM, 0, self._body(element)) for element in elements]
        while left and (refusals := kernel.attempt(left, *_batch_ends())):
            for number in refusals.values():
                if number != errno.ENOENT or -1 in refusals:
                    raise OSError(number, f"nftables elements: {os.strerror(number)}")
            left = [request for position, request in enumerate(left) if position not in refusals]

    def removal(self, elements: Sequence[Element]) -> list[bytes]:
        """What `remove` would send, for another process to send without knowing what it says."""
        first, last = _batch_ends()
        return [first + message(_DELSETELEM, 1, self._body(element)) + last for element in elements]

    def _body(self, element: Element) -> bytes:
        parts = [nested(_ELEMENT_KEY, attribute(_DATA_VALUE, element.key))]
        if element.end:
            parts.append(nested(_ELEMENT_KEY_END, attribute(_DATA_VALUE, element.end)))
        if element.value:
            parts.append(nested(_ELEMENT_DATA, attribute(_DATA_VALUE, element.value)))
        return (
            _header(self._family)
            + attribute(_LIST_TABLE, self._name)
            + attribute(_LIST_SET, element.set)
            + nested(_LIST_ELEMENTS, nested(_LIST_ELEMENT, *parts))
        )


def _element(name: str, parts: dict[int, bytes]) -> Element:
    key, value, end = (
        attributes(parts.get(kind, b"")).get(_DATA_VALUE, b"")
        for kind in (_ELEMENT_KEY, _ELEMENT_DATA, _ELEMENT_KEY_END)
    )
    return Element(name, key, value, end)


def closed_forward_chains() -> list[tuple[int, str, str]]:
    """Base chains that drop what is forwarded where none of their rules says otherwise.

    Each by the number of its family, its table and its own name.
    """
    with Netlink(_NETLINK_NETFILTER) as kernel:
        found = kernel.ask(_GETCHAIN, DUMP, _header(0), "nftables chains")
    chains = []
    for each in found:
        parts = attributes(each.body[4:]) if each.kind == _NEWCHAIN else {}
        hook = attributes(parts.get(_CHAIN_HOOK, b"")).get(_HOOK_NUMBER, b"")
        if int.from_bytes(hook, "big") != _FORWARD or _CHAIN_POLICY not in parts:
            continue
        if int.from_bytes(parts[_CHAIN_POLICY], "big") == _DROP:
            chains.append((each.body[0], _text(parts[_CHAIN_TABLE]), _text(parts[_CHAIN_NAME])))
    return chains


def _text(value: bytes) -> str:
    return value.rstrip(b"\0").decode("utf-8", "replace")


def run(ruleset: str) -> None:
    """Give the kernel commands in the language of nft(8), as one transaction.

    :raises NotSupported: the library is not installed. :raises Unavailable: it refuses; says its words.
    """
    try:
        library = ctypes.CDLL(_LIBRARY)
    except OSError as error:
        raise NotSupported(
            f"networks need nftables, and {_LIBRARY} is not installed",
            hint="install nftables, or run with --network none or --network host",
        ) from error
    library.nft_ctx_new.restype = ctypes.c_void_p
    library.nft_ctx_get_error_buffer.restype = ctypes.c_char_p
    context = ctypes.c_void_p(library.nft_ctx_new(ctypes.c_uint32(0)))
    try:
        library.nft_ctx_buffer_error(context)
        library.nft_ctx_buffer_output(context)
        if library.nft_run_cmd_from_buffer(context, ruleset.encode()):
            words = (library.nft_ctx_get_error_buffer(context) or b"").decode("utf-8", "replace")
            raise Unavailable(
                f"nftables refuses: {words.strip().splitlines()[0] if words.strip() else 'no reason given'}",
                hint="as root, see: nft list ruleset",
            )
    finally:
        library.nft_ctx_free(context)


def _header(family: int, resource: int = 0) -> bytes:
    return struct.pack("=BB", family, 0) + struct.pack(">H", resource)  # struct nfgenmsg


def _batch_ends() -> tuple[bytes, bytes]:
    body = _header(0, _SUBSYSTEM)
    return message(_BATCH_BEGIN, 1, body), message(_BATCH_END, 1, body)
