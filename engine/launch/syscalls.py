"""System calls that Python 3.11 does not offer, by ctypes; thin, and each raises OSError.

Numbers of the calls above 424 are the same on every architecture (include/uapi/asm-generic/unistd.h);
constants are from include/uapi/linux/{mount,openat2,sched,prctl,fcntl}.h.
"""

from __future__ import annotations

import ctypes
import os

TYPE_CHECKING = False  # mypy takes it for true; `typing` itself stays out
if TYPE_CHECKING:
    from collections.abc import Iterable

_libc = ctypes.CDLL(None, use_errno=True)
MACHINE = os.uname().machine

CLONE_FS = 0x00000200  # root, working directory and umask of a thread
CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 1 << 18
MS_SLAVE = 1 << 19
MNT_DETACH = 2

AT_FDCWD = -100
AT_EMPTY_PATH = 0x1000
AT_RECURSIVE = 0x8000
OPEN_TREE_CLONE = 1
OPEN_TREE_CLOEXEC = os.O_CLOEXEC
MOVE_MOUNT_F_EMPTY_PATH = 0x4
MOVE_MOUNT_T_EMPTY_PATH = 0x40
FSOPEN_CLOEXEC = 1
FSMOUNT_CLOEXEC = 1
FSCONFIG_SET_FLAG = 0
FSCONFIG_SET_STRING = 1
FSCONFIG_CMD_CREATE = 6
MOUNT_ATTR_RDONLY = 0x1
MOUNT_ATTR_NOSUID = 0x2
MOUNT_ATTR_NODEV = 0x4
MOUNT_ATTR_NOEXEC = 0x8
MOUNT_ATTR_STRICTATIME = 0x20

RESOLVE_NO_XDEV = 0x01
RESOLVE_NO_MAGICLINKS = 0x02
RESOLVE_NO_SYMLINKS = 0x04
RESOLVE_BENEATH = 0x08
RESOLVE_IN_ROOT = 0x10

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_KEEPCAPS = 8
PR_SET_NAME = 15
PR_CAPBSET_READ = 23
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4

_OPEN_TREE, _MOVE_MOUNT, _FSOPEN, _FSCONFIG, _FSMOUNT = 428, 429, 430, 431, 432
_PIDFD_SEND_SIGNAL, _CLOSE_RANGE, _OPENAT2, _MOUNT_SETATTR = 424, 436, 437, 442
_CLOSE_RANGE_CLOEXEC = 4
_RT_SIGACTION = {"x86_64": 13, "aarch64": 134, "riscv64": 134, "s390x": 174, "ppc64le": 173}
_RT_SIGPROCMASK = {"x86_64": 14, "aarch64": 135, "riscv64": 135, "s390x": 175, "ppc64le": 174}
_SIG_SETMASK, _SIG_DFL, _SIG_IGN = 2, 0, 1
SIGHUP, SIGINT, SIGQUIT, SIGKILL, SIGTERM, _SIGSTOP = 1, 2, 3, 9, 15, 19
_SECCOMP = {"x86_64": 317, "aarch64": 277, "riscv64": 277, "s390x": 348, "ppc64le": 358}
_SECCOMP_SET_MODE_FILTER = 1
_KEYCTL = {"x86_64": 250, "aarch64": 219, "riscv64": 219, "s390x": 280, "ppc64le": 271}
_KEYCTL_JOIN_SESSION_KEYRING = 1
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "riscv64": 41, "s390x": 217, "ppc64le": 203}


def _check(result: int, what: str, path: str | bytes | None = None) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}", None if path is None else os.fsdecode(path))
    return result


def system_call(number: int, what: str, *arguments: object, path: str | bytes | None = None) -> int:
    """Any system call, by its number; integers are to be given as `word`."""
    return _check(_libc.syscall(ctypes.c_long(number), *arguments), what, path)


def word(value: int) -> ctypes.c_long:
    """An integer as an argument of `system_call`."""
    # Variadic arguments travel as whole registers; a bare int would leave the upper half undefined.
    return ctypes.c_long(value)


def unshare(flags: int) -> None:
    """Leave the namespaces named by CLONE_NEW* flags for new ones. unshare(2)"""
    _check(_libc.unshare(ctypes.c_int(flags)), "unshare")


def setns(fd: int, kind: int) -> None:
    """Join the namespace (or those of the process a pidfd names). setns(2)"""
    _check(_libc.setns(ctypes.c_int(fd), ctypes.c_int(kind)), "setns")


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """The old mount call, by path. mount(2)"""
    result = _libc.mount(
        source and os.fsencode(source), os.fsencode(target), kind and os.fsencode(kind),
        ctypes.c_ulong(flags), data and os.fsencode(data),
    )  # fmt: skip
    _check(result, "mount", target)


def umount(target: str, flags: int = 0) -> None:
    """umount2(2)"""
    _check(_libc.umount2(os.fsencode(target), ctypes.c_int(flags)), "umount", target)


def pivot_root(new_root: str, put_old: str) -> None:
    """Make a mount the root of this mount namespace. pivot_root(2)"""
    system_call(
        _PIVOT_ROOT[MACHINE], "pivot_root", os.fsencode(new_root), os.fsencode(put_old), path=new_root
    )


def open_tree(directory: int, path: str, flags: int) -> int:
    """A descriptor of a mount, or with OPEN_TREE_CLONE of a detached copy of it. open_tree(2)"""
    return system_call(
        _OPEN_TREE,
        "open_tree",
        word(directory),
        os.fsencode(path),
        word(flags | OPEN_TREE_CLOEXEC),
        path=path,
    )


def attach_mount(mount_fd: int, target_fd: int) -> None:
    """Attach a detached mount on the very file that a descriptor names. move_mount(2)"""
    flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH
    system_call(_MOVE_MOUNT, "move_mount", word(mount_fd), b"", word(target_fd), b"", word(flags))


def fsopen(kind: str) -> int:
    """A configuration context of a filesystem type. fsopen(2)"""
    return system_call(_FSOPEN, f"fsopen {kind}", os.fsencode(kind), word(FSOPEN_CLOEXEC))


def fsconfig_string(context: int, key: str, value: str) -> None:
    """Set one option; options given one by one have no common length limit. fsconfig(2)"""
    system_call(
        _FSCONFIG, f"fsconfig {key}", word(context), word(FSCONFIG_SET_STRING), os.fsencode(key),
        os.fsencode(value), word(0), path=value,
    )  # fmt: skip


def fsconfig_flag(context: int, key: str) -> None:
    """Set an option that takes no value. fsconfig(2)"""
    system_call(
        _FSCONFIG, f"fsconfig {key}", word(context), word(FSCONFIG_SET_FLAG), os.fsencode(key), None, word(0)
    )


def fsmount(context: int, attributes: int) -> int:
    """Create the filesystem and give a descriptor of its detached mount. fsconfig(2), fsmount(2)"""
    system_call(_FSCONFIG, "fsconfig create", word(context), word(FSCONFIG_CMD_CREATE), None, None, word(0))
    return system_call(_FSMOUNT, "fsmount", word(context), word(FSMOUNT_CLOEXEC), word(attributes))


class _MountAttr(ctypes.Structure):
    _fields_ = [
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    ]


def mount_setattr(fd: int, path: str, set_: int, *, recursive: bool = False, propagation: int = 0) -> None:
    """Add attributes (MOUNT_ATTR_*) to a mount, or to all below it. mount_setattr(2)"""
    attributes = _MountAttr(attr_set=set_, propagation=propagation)
    flags = (AT_EMPTY_PATH if not path else 0) | (AT_RECURSIVE if recursive else 0)
    system_call(
        _MOUNT_SETATTR, "mount_setattr", word(fd), os.fsencode(path), word(flags),
        ctypes.byref(attributes), word(ctypes.sizeof(attributes)), path=path,
    )  # fmt: skip


class _OpenHow(ctypes.Structure):
    _fields_ = [("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64)]


def openat2(directory: int, path: str | bytes, flags: int, resolve: int, mode: int = 0) -> int:
    """Open with the walk bounded by RESOLVE_* flags. openat2(2)

    Tried again on EAGAIN, which the kernel answers when a rename raced the walk.
    """
    how = _OpenHow(flags=flags | os.O_CLOEXEC, mode=mode, resolve=resolve)
    for attempt in range(128):
        try:
            return system_call(
                _OPENAT2, "openat2", word(directory), os.fsencode(path), ctypes.byref(how),
                word(ctypes.sizeof(how)), path=path,
            )  # fmt: skip
        except BlockingIOError:
            if attempt == 127:
                raise
    raise AssertionError("unreachable")


def close_descriptors(first: int, last: int = 0xFFFFFFFF) -> None:
    """Close all descriptors from `first` to `last`, whoever opened them. close_range(2)

    `os.closerange` tries each of a billion where libc has no such function.
    """
    if first <= last:
        system_call(_CLOSE_RANGE, "close_range", word(first), word(last), word(0))


def close_on_exec_from(first: int) -> None:
    """Mark all descriptors from `first` on to be closed by exec, whoever opened them. close_range(2)"""
    system_call(_CLOSE_RANGE, "close_range", word(first), word(0xFFFFFFFF), word(_CLOSE_RANGE_CLOEXEC))


def send_signal(pidfd: int, number: int) -> None:
    """Send a signal to the process a pidfd names; one that has ended gets none. pidfd_send_signal(2)"""
    try:
        system_call(_PIDFD_SEND_SIGNAL, "pidfd_send_signal", word(pidfd), word(number), None, word(0))
    except ProcessLookupError:
        return


def ignore_signals(numbers: Iterable[int]) -> None:
    """Have these signals do nothing. rt_sigaction(2)"""
    for number in numbers:
        _set_action(number, _SIG_IGN)


def reset_signals() -> None:
    """Give every signal its default action and block none. rt_sigaction(2), rt_sigprocmask(2)

    By system call, because libc keeps two real-time signals (32, 33) from its callers, and a front that
    was started with them ignored would hand that on.
    """
    for number in range(1, 65):
        if number not in (SIGKILL, _SIGSTOP):  # these have no other
            _set_action(number, _SIG_DFL)
    empty = (ctypes.c_char * 8)()
    system_call(_RT_SIGPROCMASK[MACHINE], "rt_sigprocmask", word(_SIG_SETMASK), empty, None, word(8))


def _set_action(number: int, handler: int) -> None:
    action = (ctypes.c_ulong * 4)(
        handler
    )  # struct kernel_sigaction: handler, no flags, no restorer, empty mask
    system_call(_RT_SIGACTION[MACHINE], "rt_sigaction", word(number), action, None, word(8))


def prctl(option: int, value: int = 0, third: int = 0) -> int:
    """prctl(2)"""
    arguments = [ctypes.c_ulong(value), ctypes.c_ulong(third), ctypes.c_ulong(0), ctypes.c_ulong(0)]
    return _check(_libc.prctl(ctypes.c_int(option), *arguments), f"prctl {option}")


def renew_session_keyring() -> None:
    """A session keyring of its own for this process and all it starts; nobody's where there are no keys.

    keyctl_join_session_keyring(3); refused inside other containers, and where a user has too many.
    """
    try:
        system_call(_KEYCTL[MACHINE], "keyctl", word(_KEYCTL_JOIN_SESSION_KEYRING), None)
    except OSError:
        return


def set_process_name(name: str) -> None:
    """The name that ps and top show; cut to 15 bytes by the kernel."""
    _check(_libc.prctl(ctypes.c_int(PR_SET_NAME), os.fsencode(name), *[ctypes.c_ulong(0)] * 3), "prctl name")


def sethostname(name: str) -> None:
    """sethostname(2); Python has socket.sethostname, whose import costs half a megabyte per monitor."""
    data = os.fsencode(name)
    _check(_libc.sethostname(data, ctypes.c_size_t(len(data))), "sethostname")


def setdomainname(name: str) -> None:
    """setdomainname(2): that of NIS, which uname and domainname tell."""
    data = os.fsencode(name)
    _check(_libc.setdomainname(data, ctypes.c_size_t(len(data))), "setdomainname")


class _CapHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


_CAPABILITY_VERSION_3 = 0x20080522


def capset(effective: int, permitted: int, inheritable: int) -> None:
    """Set this thread's capability sets, each a bit mask of 64. capset(2)"""
    header = _CapHeader(version=_CAPABILITY_VERSION_3, pid=0)
    masks = (effective, permitted, inheritable)
    low = [mask & 0xFFFFFFFF for mask in masks]
    high = [mask >> 32 for mask in masks]
    data = (ctypes.c_uint32 * 6)(*low, *high)
    _check(_libc.capset(ctypes.byref(header), ctypes.byref(data)), "capset")


class _FilterProgram(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def load_filter(instructions: bytes, flags: int) -> None:
    """Have the kernel run a program over every system call from here on. seccomp(2)

    :param instructions: struct sock_filter (eight bytes), one after another.
    :param flags: SECCOMP_FILTER_FLAG_*.
    """
    program = _FilterProgram(len(instructions) // 8, instructions)
    system_call(
        _SECCOMP[MACHINE], "seccomp", word(_SECCOMP_SET_MODE_FILTER), word(flags), ctypes.byref(program)
    )
