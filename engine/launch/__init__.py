"""The island: what becomes a container's monitor and its init.

Run by `engine.runtime` as a fresh, single-threaded interpreter (`python -I -S start.py`), because
`unshare` and `setns` refuse threaded callers and a fork of an asyncio program is not safe.
Standard library only, and little of it: what is imported here is paid at every start of a container
and held in memory for as long as it runs. `typing` and `dataclasses` would cost 12 ms and 2 MB, `json`
13 ms, `socket` and `signal` 8 ms (measured here, where the rest takes 8): so documents travel by `marshal`
between processes of one interpreter, sockets are the C module's, and signals are system calls.

    start.py     the script: finds this package, leaves its parent, becomes the monitor
    task.py      the whole task as one document
    messages.py  what is reported back, step by step
    monitor.py   one per container: terminal, log, exit status
    starting.py  one life of it: first process, its steps, its streams
    init.py      the container's first process, from fork to exec
    cgroups.py   its control groups: made, joined, removed
    privileges.py  what is left of the engine's rights at exec
"""
