"""Networks and volumes: what is done with them."""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from engine.errors import InvalidArgument
from tui.screens.store_board import StoreBoard
from tui.screens.store_judges import judged_network, judged_volume
from tui.tasks import Report
from tui.text import count, safe, size

if TYPE_CHECKING:
    from engine.volumes.models import PrunedVolumes

_MOST_NAMED = 8


class Stores(StoreBoard):
    """Networks and volumes, and the verbs of the one under the cursor."""

    # verbs

    def perform(self, action_id: str) -> None:
        """Do a verb of this screen."""
        verbs: dict[str, Callable[[], None]] = {
            "open": self._open,
            "back": self._back,
            "next": self._turn,
            "previous": self._turn,
            "copy": lambda: self.app.commands.copy(self.last.key or ""),
            "create": self._create,
            "connect": lambda: self._wire(True),
            "disconnect": lambda: self._wire(False),
            "browse": self._browse,
            "delete": self._delete,
            "prune_unused": self._prune,
        }
        verbs[action_id]()

    def _open(self) -> None:
        if self.last is self.volumes:
            self._browse()
        else:
            self.about.focus()

    def _turn(self) -> None:
        lists = (self.networks, self.volumes, self.about)
        at = next((n for n, one in enumerate(lists) if one.has_focus), 0)
        lists[(at + 1) % len(lists)].focus()

    def _back(self) -> None:
        if self.last.filter:
            self.last.set_filter("")
        elif self.about.has_focus:
            self.last.focus()
        else:
            self.app.pop_screen()

    def _do(self, what: str, words: list[str], work: Callable[[Report], Awaitable[str]]) -> None:
        number = self.app.bridge.do(what, shlex.join(["lamina", *words]), work)
        self.app.commands.after[number] = self.read

    def _browse(self) -> None:
        from tui.screens.browse import Browse
        from tui.screens.places import of_volume

        if self.last is self.volumes and self.last.key is not None:
            self.app.push_screen(Browse(of_volume(self.app.bridge.source, self.last.key)))

    def _create(self) -> None:
        source, is_network = self.app.bridge.source, self.last is self.networks

        def judge(text: str) -> str:
            return judged_network(text) if is_network else judged_volume(text)

        def go(text: str) -> None:
            name, *subnet = text.split() or [""]

            async def work(_: Report) -> str:
                if not is_network:
                    return f"volume {(await source.create_volume(text)).name}"
                from engine.network.models import NetworkOptions

                made = await source.create_network(NetworkOptions(name, subnet[0] if subnet else ""))
                return f"{made.subnet} on {made.bridge}"

            kind = "network" if is_network else "volume"
            words = [kind, "create", *(["--subnet", *subnet] if subnet else []), *([name] if name else [])]
            self._do(f"create {kind} {name}".strip(), words, work)

        if is_network:
            self.app.commands.ask_line("A new network", "", "create", judge, go, "name, or: name 10.9.0.0/24")
        else:
            self.app.commands.ask_line("A new volume", "", "create", judge, go, "name")

    def _wire(self, on_it: bool) -> None:
        """Ask which container to put on the network, or to take off it."""
        network = self.known_networks.get(self.last.key or "")
        if network is None:
            return
        source, name = self.app.bridge.source, network.network.name
        members = [member.name for member in network.members]
        others = [item.name for item in self.app.state.containers or () if item.name not in members]
        there = others if on_it else members
        if not there:
            self.app.commands.say("Every container is on it" if on_it else "No container is on it")
            return

        def judge(text: str) -> str:
            if text not in there:
                shown = ", ".join(there[:_MOST_NAMED])
                raise InvalidArgument(f"one of: {shown}")
            return f"{'joins' if on_it else 'leaves'} {name}, at once where it runs"

        def go(text: str) -> None:
            async def work(_: Report) -> str:
                await (source.connect if on_it else source.disconnect)(name, text)
                return f"{text} is {'on' if on_it else 'off'} {name}"

            verb = "connect" if on_it else "disconnect"
            self._do(f"{verb} {text}", ["network", verb, name, text], work)

        title = f"Which container {'joins' if on_it else 'leaves'} {safe(name, 80)}?"
        self.app.commands.ask_line(title, there[0], "connect" if on_it else "disconnect", judge, go)

    def _delete(self) -> None:
        name = self.last.key
        if name is None:
            return
        source, is_network = self.app.bridge.source, self.last is self.networks
        users = self._users(name)
        if users:
            some = safe(", ".join(users[:_MOST_NAMED]), 200)
            self.app.commands.say(f"{name} is used by {some}", "remove or disconnect them first", bad=True)
            return

        async def work(_: Report) -> str:
            await (source.remove_network if is_network else source.remove_volume)(name)
            return "removed"

        kind = "network" if is_network else "volume"
        volume = self.known_volumes.get(name)
        held = size(volume.size) if volume is not None and volume.size is not None else "all"
        effect = "Its bridge goes with it." if is_network else f"{held} in it is gone for good."
        self.app.commands.ask(
            f"Remove the {kind} {safe(name, 80)}?", ("No container has it.", effect), "remove",
            lambda: self._do(f"remove {kind} {name}", [kind, "rm", name], work),
        )  # fmt: skip

    def _users(self, name: str) -> list[str]:
        if self.last is self.networks:
            row = self.known_networks.get(name)
            return [member.name for member in row.members] if row is not None else []
        volume = self.known_volumes.get(name)
        return list(volume.used_by) if volume is not None else []

    def _prune(self) -> None:
        if self.last is self.networks:
            self._prune_networks()
            return
        source = self.app.bridge.source

        async def work(_: Report) -> str:
            done = await source.prune_volumes(True)
            return f"removed {count(len(done.names), 'volume')}, freed {size(done.freed)}"

        def ask(would: PrunedVolumes) -> None:
            if not would.names:
                self.app.commands.say("Nothing to prune: every volume is a container's")
                return
            names = (*(safe(name, 60) for name in would.names[:_MOST_NAMED]), f"Frees {size(would.freed)}.")
            self.app.commands.ask(
                f"Remove {count(len(would.names), 'volume')} that no container has?", names, "remove",
                lambda: self._do("prune volumes", ["volume", "prune", "--all"], work),
            )  # fmt: skip

        self.app.bridge.ask(
            "preview", "see what a prune frees", "lamina volume ls",
            lambda: source.preview_prune_volumes(True), ask,
        )  # fmt: skip

    def _prune_networks(self) -> None:
        source = self.app.bridge.source
        unused = [row for row in self.known_networks.values() if not row.members]
        names = [row.network.name for row in unused if not row.network.is_default]
        if not names:
            self.app.commands.say("Nothing to prune: every network is used")
            return

        async def work(_: Report) -> str:
            return f"removed {count(len(await source.prune_networks()), 'network')}"

        lines = tuple(safe(name, 60) for name in names[:_MOST_NAMED])
        self.app.commands.ask(
            f"Remove {count(len(names), 'network')} that no container is on?", lines, "remove",
            lambda: self._do("prune networks", ["network", "prune"], work),
        )  # fmt: skip
