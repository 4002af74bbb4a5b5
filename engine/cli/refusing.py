"""Options of Docker's that are not supported: each is refused by name, with the reason."""

from __future__ import annotations

import click

from engine.errors import NotSupported

_WINDOWS = "it is for Windows alone"
_KERNEL_MEMORY = "the kernel has no such limit any more"
_REAL_TIME = "real-time scheduling by control groups is in few kernels"
_NETWORK = "containers on one network find each other by their names"

REFUSED = {
    "--blkio-weight-device": "few kernels weigh single disks; --device-read-bps and its like limit them",
    "--cgroup-parent": "containers stand in control groups of their own, which sweeping relies on",
    "--cpu-count": _WINDOWS,
    "--cpu-percent": _WINDOWS,
    "--cpu-rt-period": _REAL_TIME,
    "--cpu-rt-runtime": _REAL_TIME,
    "--disable-content-trust": "signatures of Docker's content trust are not looked at; digests always are",
    "--gpus": "devices of one maker's own are not set up; --device gives it a device node",
    "--io-maxbandwidth": _WINDOWS,
    "--io-maxiops": _WINDOWS,
    "--isolation": _WINDOWS,
    "--kernel-memory": _KERNEL_MEMORY,
    "--link": _NETWORK,
    "--link-local-ip": _NETWORK,
    "--runtime": "there is one runtime, Lamina's own",
    "--storage-opt": "there is one kind of storage, overlayfs, without quotas",
    "--use-api-socket": "there is no daemon, and so no socket of one",
}


# Those of single verbs; what is above goes for run and create.
REFUSED_BY: dict[str, dict[str, str]] = {
    "create": dict.fromkeys(("-a", "--attach"), "say it when it is started: lamina start -a"),
    "logs": {"--details": "logs keep no further notes; lamina inspect shows labels and variables"},
    "rm": dict.fromkeys(("-l", "--link"), _NETWORK),
    "start": dict.fromkeys(("--checkpoint", "--checkpoint-dir"), "programs are not frozen to disk"),
    "update": {
        "--cpu-rt-period": _REAL_TIME,
        "--cpu-rt-runtime": _REAL_TIME,
        "--kernel-memory": _KERNEL_MEMORY,
    },
}


_ANOTHER_BUILDER = (
    "Lamina builds no images; build with another tool and bring the image here: … | lamina load,"
    " or from its registry; lamina commit makes one of a container"
)
_ONE_MACHINE = "Lamina works on this machine alone; an orchestrator beside it may call its commands"
_NO_DAEMON = "there is no daemon to point to: lamina works on the store of --root or LAMINA_ROOT"

REFUSED_VERBS = {
    "build": _ANOTHER_BUILDER,
    "builder": _ANOTHER_BUILDER,
    "buildx": _ANOTHER_BUILDER,
    "compose": "Lamina runs single containers; networks with names, --restart and lamina boot keep several",
    "config": _ONE_MACHINE,
    "context": _NO_DAEMON,
    "manifest": "lamina inspect docker://IMAGE lists its platforms, lamina copy --all keeps them",
    "node": _ONE_MACHINE,
    "plugin": _NO_DAEMON,
    "secret": _ONE_MACHINE,
    "service": _ONE_MACHINE,
    "stack": _ONE_MACHINE,
    "swarm": _ONE_MACHINE,
    "trust": "signatures are not looked at; digests always are",
}
"""Docker's verbs that are not here, and what to do instead."""


class Refusing(click.Command):
    """A command that says of Docker's options why it has not got them."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As ever, but :raises NotSupported: an option is one of Docker's that is refused."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            verb = ctx.command.name or ""
            common = REFUSED if verb in ("run", "create") else {}
            reason = REFUSED_BY.get(verb, {}).get(error.option_name, common.get(error.option_name))
            if reason is None:
                raise
            raise NotSupported(f"{error.option_name} is not supported: {reason}") from error
