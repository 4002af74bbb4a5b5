"""What is left of the engine's rights when the program is executed: ids, capabilities, system calls.

The order is decided by what needs which right: the bounding set needs CAP_SETPCAP, groups and ids need
CAP_SETGID and CAP_SETUID, and a filter needs CAP_SYS_ADMIN unless no privileges can be gained any more.
"""

from __future__ import annotations

import errno
import os

from . import syscalls as sys
from .identity import Identity, UnknownUser
from .messages import Reporter, Stage
from .task import Program

# Bits from include/uapi/linux/capability.h, in order.
CAPABILITIES: list[str] = (
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE "
    "NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT "
    "SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE "
    "AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ "
    "PERFMON BPF CHECKPOINT_RESTORE"
).split()  # as text it can be laid beside the header


_NOBODY = 65534  # how a user namespace shows an id that it does not map
_SYS_ADMIN = 1 << CAPABILITIES.index("SYS_ADMIN")


def drop_privileges(program: Program, identity: Identity, reporter: Reporter) -> None:
    """Become who the program is to be, with its limits. What follows must be allowed by its filter."""
    mask = limit_bounding_set(program.capabilities)
    if program.filter and identity.uid:
        # Leaving uid 0 would take the right to load the filter too early.
        sys.prctl(sys.PR_SET_KEEPCAPS, 1)
    take_identity(identity)
    reporter.step(
        f"uid {identity.uid}, gid {identity.gid}, groups {' '.join(map(str, identity.groups))}",
        f"setpriv --reuid {identity.uid} --regid {identity.gid} "
        f"--groups {','.join(map(str, identity.groups))}",
    )
    # After the ids, which clear it. Killed monitor, killed container: nobody would hold its log and status.
    sys.prctl(sys.PR_SET_PDEATHSIG, sys.SIGKILL)
    reporter.begin(Stage.CAPABILITIES)
    final = mask if identity.uid == 0 else 0
    if program.no_new_privileges:
        set_capabilities(final)
        sys.prctl(sys.PR_SET_NO_NEW_PRIVS, 1)
    elif program.filter:
        set_capabilities(final | _SYS_ADMIN)
    else:
        set_capabilities(final)
    bounding = ",".join(f"+{name.lower()}" for name in program.capabilities)
    reporter.step(
        f"{len(program.capabilities)} of {mask.bit_length()} kept as the limit",
        f"setpriv --bounding-set -all,{bounding} --inh-caps -all"
        + (" --no-new-privs" if program.no_new_privileges else ""),
    )
    if program.filter:
        reporter.begin(Stage.SECCOMP)
        sys.load_filter(program.filter, program.filter_flags)
        if not program.no_new_privileges:
            set_capabilities(final)
        reporter.step(f"a program of {len(program.filter) // 8} instructions judges each call")


def take_identity(identity: Identity) -> None:
    """Become that user; groups first, because afterwards it is not allowed."""
    try:
        os.setgroups(identity.groups)
    except PermissionError:
        # A user namespace with a single id cannot leave groups (user_namespaces(7)): those of the user, which
        # it shows as nobody's, stay his.
        if not {identity.gid, _NOBODY}.issuperset(os.getgroups()):
            raise
    try:
        os.setresgid(identity.gid, identity.gid, identity.gid)
        os.setresuid(identity.uid, identity.uid, identity.uid)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        raise UnknownUser(
            f"uid {identity.uid} and gid {identity.gid} are not among the ids of this user namespace: "
            "lamina info says how many it has"
        ) from error


def limit_bounding_set(capabilities: list[str]) -> int:
    """Drop from the bounding set all but these; gives their bit mask. Needs CAP_SETPCAP still."""
    mask = 0
    for name in capabilities:
        mask |= 1 << CAPABILITIES.index(name)
    bit = 0
    while True:
        try:
            held = sys.prctl(sys.PR_CAPBSET_READ, bit)
        except OSError:  # EINVAL: beyond the last capability this kernel knows
            return mask & ((1 << bit) - 1)
        if held and not mask & (1 << bit):
            sys.prctl(sys.PR_CAPBSET_DROP, bit)
        bit += 1


def set_capabilities(mask: int) -> None:
    """Permitted and effective as given; inheritable and ambient empty."""
    sys.prctl(sys.PR_CAP_AMBIENT, sys.PR_CAP_AMBIENT_CLEAR_ALL)
    sys.capset(mask, mask, 0)
