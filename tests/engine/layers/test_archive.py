"""The tar reader, against archives of Python's tarfile and of GNU tar, and against headers by hand."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import LimitExceeded, Malformed
from engine.layers.archive import ArchiveReader
from engine.layers.limits import Limits
from engine.layers.member import Kind, Member
from tests.engine.layers.archives import (
    TIME,
    archive,
    extended,
    file,
    header,
    padded,
    record,
    records,
    regular,
    tar,
    with_checksum,
)
from tests.engine.layers.making import blocks


def read(data: bytes, limits: Limits | None = None) -> list[tuple[Member, bytes]]:
    found = []
    with blocks(data, limits) as stream:
        reader = ArchiveReader(stream, limits)
        found += [(member, b"".join(map(bytes, reader.data(member.stored)))) for member in reader]
    return found


def one(data: bytes, limits: Limits | None = None) -> Member:
    ((member, _),) = read(data, limits)
    return member


NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=300)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(NAMES, st.binary(max_size=3000), st.integers(0, 0o7777), st.integers(0, 2**31), NAMES),
        max_size=6,
    ),
    st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]),
)
def test_what_tarfile_writes_is_read(members: list[tuple[str, bytes, int, int, str]], format: int) -> None:
    written = []
    for name, data, mode, uid, _ in members:
        written.append(regular(name.rstrip("/") or "x", data, mode, uid=uid, gid=uid // 2))
    found = read(tar(written, format))
    assert [(member.name, member.mode, member.uid, member.gid, data) for member, data in found] == [
        (os.fsencode(info.name), info.mode, info.uid, info.gid, data) for info, data in written
    ]


@settings(max_examples=40, deadline=None)
@given(NAMES, st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]))
def test_long_link_targets_are_read(target: str, format: int) -> None:
    info = tarfile.TarInfo("link")
    info.type, info.linkname = tarfile.SYMTYPE, target
    assert one(tar([(info, b"")], format)).link == os.fsencode(target)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=2048), st.integers(0, 1023), st.binary(min_size=1, max_size=8))
def test_no_bytes_make_the_reader_fail_in_another_way(tail: bytes, at: int, patch: bytes) -> None:
    raw = bytearray(file(b"a", b"data") + tail)
    raw[at : at + len(patch)] = patch
    if len(raw) >= 512:
        raw[:512] = with_checksum(raw[:512])
    try:
        read(bytes(raw))
    except (Malformed, LimitExceeded):
        pass


def test_ustar_prefixes_are_joined() -> None:
    assert one(archive(header(b"name", prefix=b"some/where"))).name == b"some/where/name"


def test_a_gnu_header_has_no_prefix() -> None:
    assert one(archive(header(b"name", prefix=b"times", magic=b"ustar  \0"))).name == b"name"


def test_v7_directories_end_with_a_slash() -> None:
    assert one(archive(header(b"old/", kind=b"\0", magic=bytes(8)))).kind is Kind.DIRECTORY


def test_numbers_in_base_256_are_read() -> None:
    member = one(archive(header(b"a", uid=b"\x80\0\0\0\x7f\xff\xff\xff", mtime=b"\xff" * 12)))
    assert (member.uid, member.mtime) == (0x7FFFFFFF, -1_000_000_000)


def test_times_have_nanoseconds() -> None:
    data = archive(extended(b"x", records(mtime=b"1600000000.123456789012")), file(b"a"))
    assert one(data).mtime == 1_600_000_000_123_456_789


def test_times_before_the_epoch_are_negative() -> None:
    assert one(archive(extended(b"x", records(mtime=b"-1.25")), file(b"a"))).mtime == -1_250_000_000


def test_times_beyond_reason_are_moved_to_the_bound() -> None:
    data = archive(extended(b"x", records(mtime=b"9999999999999999999")), file(b"a"))
    assert one(data).mtime == 2**63 - 1


def test_the_pax_size_says_where_the_data_ends() -> None:
    # CVE-2025-62518: a reader that believes the block's size sees other members than one that does not.
    hidden = padded(archive(file(b"hidden", b"h")))
    data = extended(b"x", records(size=str(len(hidden)).encode())) + header(b"outer") + hidden
    assert [member.name for member, _ in read(archive(data, file(b"last")))] == [b"outer", b"last"]


def test_an_empty_pax_value_gives_the_block_its_say() -> None:
    assert one(archive(extended(b"x", records(path=b"")), file(b"a"))).name == b"a"


def test_of_repeated_pax_records_the_last_counts() -> None:
    assert one(archive(extended(b"x", records(path=b"b") + records(path=b"c")), file(b"a"))).name == b"c"


def test_pax_counts_more_than_gnu() -> None:
    data = archive(extended(b"L", b"gnu\0"), extended(b"x", records(path=b"pax")), file(b"a"))
    assert one(data).name == b"pax"


def test_global_headers_speak_for_all_members() -> None:
    data = archive(
        extended(b"g", records(uid=b"7")), file(b"a"), extended(b"x", records(uid=b"8")), file(b"b")
    )
    assert [member.uid for member, _ in read(data)] == [7, 8]


@pytest.mark.parametrize("keyword", [b"path", b"size", b"linkpath", b"GNU.sparse.map"])
def test_global_headers_must_not_move_data(keyword: bytes) -> None:
    with pytest.raises(Malformed, match="global"):
        read(archive(extended(b"g", record(keyword, b"1")), file(b"a")))


def test_extended_attributes_of_star_and_libarchive_are_read() -> None:
    data = (
        record(b"SCHILY.xattr.user.raw", b"\0=\n\xff")
        + record(b"LIBARCHIVE.xattr.user.b64", b"AAEC/w")
        + record(b"LIBARCHIVE.xattr.user.with%20space", b"eA==")
    )
    assert one(archive(extended(b"x", data), file(b"a"))).xattrs == {
        b"user.raw": b"\0=\n\xff",
        b"user.b64": b"\0\1\2\xff",
        b"user.with space": b"x",
    }


@pytest.mark.parametrize(
    "fields",
    [
        {"size": b"-1"},
        {"size": b"0000000008"},
        {"size": b"1_0"},
        {"size": b"0o17"},
        {"size": b"\xff" * 12},
        {"size": b"\x80\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff"},
        {"uid": b"\xff" * 8},
        {"uid": b"\x80\0\0\0\xff\xff\xff\xff"},
        {"uid": b"abc"},
        {"kind": b"?"},
        {"kind": b"3", "device": (4096, 0)},
    ],
)
def test_headers_that_make_no_sense_are_refused(fields: dict[str, bytes]) -> None:
    with pytest.raises(Malformed):
        read(archive(header(b"a", **fields)))  # type: ignore[arg-type]  # the fields under test


@pytest.mark.parametrize(
    "data",
    [
        b"6 a=b\nx",
        b"06 a=b\n",
        b"+6 a=b\n",
        b"99999999999999999999 a=b\n",
        b"1000 path=x\n",
        b"1 ",
        b"4 =b\n",
        b"5 ab\n",
        b"9 path=a\0\n"[:9] + b"\n",
        b" path=x\n",
        b"3 \n",
        record(b"size", b"-1"),
        record(b"size", b"1_0"),
        record(b"size", "١".encode()),
        record(b"size", b"9" * 30),
        record(b"uid", b"4294967295"),
        record(b"mtime", b"nan"),
        record(b"mtime", b"1e9"),
        record(b"LIBARCHIVE.xattr.user.a", b"*"),
        record(b"SCHILY.xattr.", b"x"),
        record(b"GNU.sparse.map", b"0"),
        record(b"GNU.sparse.map", b"0,1,0,1"),
        record(b"GNU.sparse.map", b"0,9999") + record(b"GNU.sparse.size", b"10"),
        record(b"GNU.sparse.major", b"2") + record(b"GNU.sparse.minor", b"0"),
    ],
)
def test_pax_records_that_make_no_sense_are_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        read(archive(extended(b"x", data), file(b"a")))


def test_a_wrong_checksum_is_refused() -> None:
    raw = bytearray(archive(file(b"a")))
    raw[0] = ord("b")
    with pytest.raises(Malformed, match="checksum"):
        read(bytes(raw))


def test_a_checksum_of_signed_bytes_is_accepted() -> None:
    raw = bytearray(file(b"caf\xe9"))
    raw[148:156] = b" " * 8
    raw[148:156] = b"%06o\0 " % sum(byte - 256 if byte > 127 else byte for byte in raw[:512])
    assert one(archive(bytes(raw))).name == b"caf\xe9"


@pytest.mark.parametrize("keep", [100, 512, 600, 1024])
def test_a_truncated_archive_is_refused(keep: int) -> None:
    with pytest.raises(Malformed, match="ends"):
        read(archive(file(b"a", bytes(1000)))[:keep])


def test_an_archive_may_end_without_its_last_blocks() -> None:
    assert one(file(b"a", b"x")).name == b"a"


def test_an_archive_that_ends_after_an_extended_header_is_refused() -> None:
    with pytest.raises(Malformed, match="extended header"):
        read(archive(extended(b"x", records(path=b"b"))))


def test_an_archive_that_goes_on_after_an_empty_block_is_refused() -> None:
    with pytest.raises(Malformed, match="empty block"):
        read(bytes(512) + file(b"a"))


SPARSE_GIANT = record(b"GNU.sparse.size", b"9" * 15) + record(b"GNU.sparse.map", b"0,1")
XATTR = b"SCHILY.xattr.user.a"
TOO_MUCH: dict[str, tuple[bytes, Limits]] = {
    "a PAX header": (archive(header(b"e", kind=b"x", size=1 << 30)), Limits()),
    "a GNU long name": (archive(header(b"e", kind=b"L", size=1 << 30)), Limits()),
    "a path by GNU": (archive(extended(b"L", b"a" * 5000), file(b"a")), Limits()),
    "a link by PAX": (
        archive(extended(b"x", records(linkpath=b"a" * 5000)), header(b"a", kind=b"2")),
        Limits(),
    ),
    "an attribute": (archive(extended(b"x", record(XATTR, bytes(70000))), file(b"a")), Limits()),
    "attributes": (archive(extended(b"x", record(XATTR, b"")), file(b"a")), Limits(xattrs=0)),
    "a file": (archive(header(b"a", size=1 << 31)), Limits(unpacked=1 << 30)),
    "headers": (archive(*[file(b"a")] * 50), Limits(entries=10)),
    "holes": (archive(extended(b"x", SPARSE_GIANT), file(b"a", b"x")), Limits()),
}


@pytest.mark.parametrize("what", TOO_MUCH)
def test_what_asks_for_too_much_is_refused(what: str) -> None:
    data, limits = TOO_MUCH[what]
    with pytest.raises(LimitExceeded):
        read(data, limits)


@pytest.mark.system
@pytest.mark.skipif(shutil.which("tar") is None, reason="GNU tar is not installed")
@pytest.mark.parametrize(
    "options",
    [
        ("--format=gnu",),
        *(("--format=pax", f"--sparse-version={version}") for version in ("0.0", "0.1", "1.0")),
    ],
)
def test_sparse_files_of_gnu_tar_are_read(options: tuple[str, ...], tmp_path: Path) -> None:
    with (tmp_path / "holes").open("wb") as out:
        for fragment in range(40):
            out.seek(fragment * 100_000)
            out.write(b"data %d" % fragment * 700)
        out.truncate(5_000_000)
    made = subprocess.run(
        ["tar", "-c", "--sparse", *options, "-C", tmp_path, "holes"], check=True, capture_output=True
    )
    member, data = read(made.stdout)[0]
    whole = bytearray(member.size)
    at = 0
    for offset, length in member.sparse or ():
        whole[offset : offset + length] = data[at : at + length]
        at += length
    assert (member.name, member.mtime // 10**9 > TIME) == (b"holes", True)
    assert whole == (tmp_path / "holes").read_bytes()
    assert len(data) < 1_000_000
