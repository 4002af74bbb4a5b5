"""Options of Docker's run and create that are not supported: each is refused by name, with the reason."""

from __future__ import annotations

import click

from engine.errors import NotSupported

_WINDOWS = "it is for Windows alone"
_DISKS = "limits of single disks are not kept; --blkio-weight says how they are shared"
_REAL_TIME = "real-time scheduling by control groups is in few kernels"
_NETWORK = "containers on one network find each other by their names"

REFUSED = {
    "-a": "all streams are attached, or with -d none",
    "--attach": "all streams are attached, or with -d none",
    "--blkio-weight-device": _DISKS,
    "--cgroup-parent": "containers stand in control groups of their own, which sweeping relies on",
    "--cpu-count": _WINDOWS,
    "--cpu-percent": _WINDOWS,
    "--cpu-rt-period": _REAL_TIME,
    "--cpu-rt-runtime": _REAL_TIME,
    "--device-cgroup-rule": "name the devices with --device",
    "--device-read-bps": _DISKS,
    "--device-read-iops": _DISKS,
    "--device-write-bps": _DISKS,
    "--device-write-iops": _DISKS,
    "--disable-content-trust": "signatures of Docker's content trust are not looked at; digests always are",
    "--domainname": "the NIS domain is nobody's; write the whole name with --hostname",
    "--gpus": "devices of one maker's own are not set up; --device gives it a device node",
    "--io-maxbandwidth": _WINDOWS,
    "--io-maxiops": _WINDOWS,
    "--isolation": _WINDOWS,
    "--kernel-memory": "the kernel has no such limit any more",
    "--link": _NETWORK,
    "--link-local-ip": _NETWORK,
    "--log-driver": "there is one kind of log, JSON lines with rotation; see --log-opt",
    "--runtime": "there is one runtime, Lamina's own",
    "--sig-proxy": "signals are always handed on; lamina attach --sig-proxy=false stands aside",
    "--storage-opt": "there is one kind of storage, overlayfs, without quotas",
    "--use-api-socket": "there is no daemon, and so no socket of one",
}


class Refusing(click.Command):
    """A command that says of Docker's options why it has not got them."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As ever, but :raises NotSupported: an option is one of Docker's that is refused."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            reason = REFUSED.get(error.option_name)
            if reason is None:
                raise
            raise NotSupported(f"{error.option_name} is not supported: {reason}") from error
