"""Whether this process is in a user namespace of somebody: user_namespaces(7)."""

_WHOLE_RANGE = "4294967295"


def in_user_namespace() -> bool:
    """Whether it has its rights in a user namespace alone, and not over the host."""
    try:
        with open("/proc/self/uid_map", encoding="utf-8") as file:
            return file.read().split() != ["0", "0", _WHOLE_RANGE]
    except FileNotFoundError:
        return False  # a kernel without user namespaces
