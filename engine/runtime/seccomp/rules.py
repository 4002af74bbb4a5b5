"""Which rules of a profile count for one container on one machine."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from dataclasses import dataclass

from engine.runtime.seccomp.profile import Condition, Profile, Rule

# uname's machine, as Go (and so Docker's profiles) and as libseccomp call it.
_MACHINES = {
    "x86_64": ("amd64", "X86_64"),
    "aarch64": ("arm64", "AARCH64"),
    "riscv64": ("riscv64", "RISCV64"),
    "s390x": ("s390x", "S390X"),
    "ppc64le": ("ppc64le", "PPC64LE"),
    "loongarch64": ("loong64", "LOONGARCH64"),
}


@dataclass(frozen=True, slots=True)
class Machine:
    """What conditions ask for.

    :param name: as uname says it, such as x86_64. :param kernel: (major, minor).
    """

    name: str
    kernel: tuple[int, int]

    @classmethod
    def here(cls) -> Machine:
        """This machine."""
        uname = os.uname()
        numbers = re.match(r"(\d+)\.(\d+)", uname.release)
        return cls(uname.machine, (int(numbers[1]), int(numbers[2])) if numbers else (0, 0))

    @property
    def go_name(self) -> str:
        """Its architecture as Docker's profiles name it."""
        return _MACHINES.get(self.name, (self.name, ""))[0]

    @property
    def library_name(self) -> str:
        """Its architecture as libseccomp's constants name it, with SCMP_ARCH_."""
        return "SCMP_ARCH_" + _MACHINES.get(self.name, ("", self.name.upper()))[1]


def rules_that_count(profile: Profile, capabilities: Collection[str], machine: Machine) -> tuple[Rule, ...]:
    """The rules whose conditions hold (moby: profiles/seccomp/seccomp_linux.go, setupSeccomp).

    :param capabilities: of the container, without CAP_.
    """
    held = {f"CAP_{name}" for name in capabilities}
    return tuple(
        rule
        for rule in profile.rules
        if _included(rule.includes, held, machine) and not _excluded(rule.excludes, held, machine)
    )


def _included(condition: Condition, held: set[str], machine: Machine) -> bool:
    """All that is asked for is there."""
    if condition.architectures and machine.go_name not in condition.architectures:
        return False
    if condition.min_kernel is not None and machine.kernel < condition.min_kernel:
        return False
    return held.issuperset(condition.capabilities)


def _excluded(condition: Condition, held: set[str], machine: Machine) -> bool:
    """Any of what is asked for is there."""
    if machine.go_name in condition.architectures:
        return True
    if condition.min_kernel is not None and machine.kernel >= condition.min_kernel:
        return True
    return not held.isdisjoint(condition.capabilities)


def other_architectures(profile: Profile, machine: Machine) -> tuple[str, ...]:
    """Architectures beside the native one whose calls the filter covers (SCMP_ARCH_…)."""
    found = profile.architectures.get(machine.library_name, ()) + profile.architectures[""]
    return tuple(name for name in dict.fromkeys(found) if name != machine.library_name)
