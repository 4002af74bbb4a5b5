"""From the rules that count to the program that the kernel loads, by libseccomp."""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterable, Sequence

from engine.errors import Malformed
from engine.linux import libseccomp
from engine.linux.libseccomp import Comparison, Filter
from engine.runtime.seccomp.kept import Program
from engine.runtime.seccomp.profile import Argument, Profile, Rule
from engine.runtime.seccomp.rules import Machine, other_architectures

# seccomp(2), SECCOMP_FILTER_FLAG_*
_FLAGS = {"TSYNC": 1, "LOG": 2, "SPEC_ALLOW": 4}
_OPERATORS = {
    "SCMP_CMP_NE": libseccomp.NOT_EQUAL,
    "SCMP_CMP_LT": libseccomp.LESS,
    "SCMP_CMP_LE": libseccomp.LESS_OR_EQUAL,
    "SCMP_CMP_EQ": libseccomp.EQUAL,
    "SCMP_CMP_GE": libseccomp.GREATER_OR_EQUAL,
    "SCMP_CMP_GT": libseccomp.GREATER,
    "SCMP_CMP_MASKED_EQ": libseccomp.MASKED_EQUAL,
}
_PERMISSIVE = ("SCMP_ACT_ALLOW", "SCMP_ACT_LOG")
_MOST_INSTRUCTIONS = 4096  # BPF_MAXINSNS

# linux/filter.h, linux/bpf_common.h; struct seccomp_data begins with the number, then the architecture.
_INSTRUCTION = struct.Struct("=HBBI")
_LOAD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _JUMP_GREATER, _RETURN = 0x20, 0x15, 0x35, 0x25, 0x06
_NUMBER_AT, _ARCHITECTURE_AT = 0, 4
_X32_BIT = 0x40000000
_NO_SUCH_CALL = 0x00050000 | errno.ENOSYS


def make_program(profile: Profile, rules: Sequence[Rule], machine: Machine) -> Program:
    """The filter that does what `rules` say, and the profile's default action for all else.

    Calls that are newer than all that the profile speaks of are answered with ENOSYS instead of
    an error that a library would take for a refusal (as runc does: libcontainer/seccomp/patchbpf).

    :raises Malformed: a rule cannot be made. :raises NotSupported: libseccomp is not installed.
    """
    others = [libseccomp.architecture(_lower(name)) for name in other_architectures(profile, machine)]
    native = libseccomp.architecture(_lower(machine.library_name))
    default = _action(profile.default_action, profile.default_error)
    skipped: dict[str, None] = {}
    with Filter(default) as context:
        for token in filter(None, others):
            context.add_architecture(token)
        for rule in rules:
            action = _action(rule.action, rule.error)
            if action == default:
                continue  # libseccomp refuses to be told what it does anyway
            for name in rule.names:
                number = libseccomp.call_number(name)
                if number is None:
                    skipped[name] = None
                else:
                    _add(context, action, name, number, rule.arguments)
        instructions = context.export()
    if profile.default_action not in _PERMISSIVE and default != _NO_SUCH_CALL:
        names = [name for rule in rules for name in rule.names]
        instructions = _newer_calls([native, *filter(None, others)], names) + instructions
    if len(instructions) > _MOST_INSTRUCTIONS * _INSTRUCTION.size:
        raise Malformed("the seccomp profile makes more instructions than the kernel takes")
    flags = sum(_FLAGS[flag.removeprefix("SECCOMP_FILTER_FLAG_")] for flag in set(profile.flags))
    return Program(instructions, flags, tuple(skipped))


def _lower(name: str) -> str:
    return name.removeprefix("SCMP_ARCH_").lower()


def _action(name: str, error: int | None) -> int:
    number = errno.EPERM if error is None else error
    match name.removeprefix("SCMP_ACT_"):
        case "ALLOW":
            return libseccomp.ALLOW
        case "ERRNO":
            return libseccomp.errno_action(number)
        case "TRACE":
            return libseccomp.trace_action(number)
        case "TRAP":
            return libseccomp.TRAP
        case "LOG":
            return libseccomp.LOG
        case "KILL_PROCESS":
            return libseccomp.KILL_PROCESS
        case _:
            return libseccomp.KILL_THREAD


def _add(context: Filter, action: int, name: str, number: int, arguments: Sequence[Argument]) -> None:
    comparisons = [
        Comparison(item.index, _OPERATORS[item.operator], item.value, item.second_value) for item in arguments
    ]
    try:
        if len({item.argument for item in comparisons}) == len(comparisons):
            context.add_rule(action, number, comparisons)
        else:
            # Docker's rule: several conditions on one argument are alternatives.
            for comparison in comparisons:
                context.add_rule(action, number, [comparison])
    except OSError as error:
        raise Malformed(f"the seccomp profile's rule for {name} cannot be made: {error.strerror}") from error


def _newer_calls(tokens: Iterable[int], names: Sequence[str]) -> bytes:
    """Instructions that answer ENOSYS to numbers above all that `names` have, and pass on all others."""
    checks = b""
    x86_64, x32 = libseccomp.architecture("x86_64"), libseccomp.architecture("x32")
    lasts = {
        token: max((libseccomp.native_number(token, name) for name in set(names)), default=-1)
        for token in tokens
    }
    above_all = lasts.pop(x32, 0xFFFFFFFF)
    for token, last in lasts.items():
        if token == x86_64:
            # x32 is told from it by a bit of the number; where it is not covered, the filter kills it.
            body = [
                (_JUMP_GREATER_EQUAL, 1, 0, _X32_BIT),
                (_JUMP_GREATER, 1, 2, max(last, 0)),
                (_JUMP_GREATER, 0, 1, above_all),
            ]
        else:
            body = [(_JUMP_GREATER, 0, 1, max(last, 0))]
        body = [(_LOAD, 0, 0, _NUMBER_AT), *body, (_RETURN, 0, 0, _NO_SUCH_CALL)]
        head = [(_LOAD, 0, 0, _ARCHITECTURE_AT), (_JUMP_EQUAL, 0, len(body), token)]
        checks += b"".join(_INSTRUCTION.pack(*instruction) for instruction in head + body)
    return checks
