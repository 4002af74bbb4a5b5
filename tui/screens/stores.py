"""Networks and volumes: both lists, and what is known of the one under the cursor."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical

from engine.errors import InvalidArgument
from tui.actions import Context, Place, ScreenName
from tui.panels.stores import StoreList, network_about, network_list, volume_about, volume_list
from tui.screens.board import Board, bindings_of
from tui.state import Topics
from tui.tasks import Report
from tui.text import count, safe, size
from tui.widgets.filter import Filterable
from tui.widgets.lines import TooSmall
from tui.widgets.rows import RowList

if TYPE_CHECKING:
    from textual import events

    from engine.containers.network_list import NetworkRow
    from engine.volumes.models import PrunedVolumes, Volume

_TWO_COLUMNS = 100
_MOST_NAMED = 8


class Stores(Board):
    """Networks above volumes on the left, details on the right.

    :param place: which list has focus at first.
    """

    NAME: ClassVar[ScreenName] = "stores"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("stores")
    AUTO_FOCUS = ""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.networks = StoreList("networks")
        self.volumes = StoreList("volumes")
        self.about = RowList(id="about-it", quiet_cursor=True)
        self.known_networks: dict[str, NetworkRow] = {}
        self.known_volumes: dict[str, Volume] = {}
        self.last = self.volumes if place == "volumes" else self.networks

    def compose(self) -> ComposeResult:
        """The panels."""
        yield self.header
        with Container(id="inside"):
            with Vertical(id="inside-left"):
                yield self.networks
                yield self.volumes
            with Vertical(id="inside-right"):
                yield self.about
        yield self.keys
        yield self.filter_line
        yield TooSmall(id="small")

    def on_mount(self) -> None:
        """Have both read, and again when containers change."""
        self.app.state.listen(self._heard)
        self.header.say(([(" Lamina", "accent bold"), ("  networks and volumes", "text")], []))
        self.networks.entitle((("Networks", "text"),), (("reading…", "muted"),))
        self.volumes.entitle((("Volumes", "text"),), (("reading…", "muted"),))
        self.last.focus()
        self.read()

    def on_unmount(self) -> None:
        """Listen no longer."""
        self.app.state.forget(self._heard)

    def on_resize(self, event: events.Resize) -> None:
        """Beside each other where there is room, else one above the other."""
        self.measure(*event.size)
        self.set_class(event.size.width < _TWO_COLUMNS, "-narrow")
        self.say_keys()

    def _heard(self, topics: Topics) -> None:
        if "containers" in topics:
            self.read()

    def read(self) -> None:
        """Read networks and volumes anew; what stands there stays until then."""
        source = self.app.bridge.source

        async def question() -> tuple[list[NetworkRow], list[Volume]]:
            networks, volumes = await asyncio.gather(source.networks(), source.volumes(sizes=True))
            return networks, volumes

        self.app.bridge.ask("stores", "read networks and volumes", "lamina volume ls", question, self._show)

    def _show(self, found: tuple[list[NetworkRow], list[Volume]]) -> None:
        if not self.is_attached:
            return
        networks, volumes = found
        self.known_networks = {row.network.name: row for row in networks}
        self.known_volumes = {volume.name: volume for volume in volumes}
        self.networks.take("Networks", *network_list(networks))
        self.volumes.take("Volumes", *volume_list(volumes, self.app.state.now()))
        self._tell()

    # where the person stands

    @property
    def context(self) -> Context:
        """The network or volume under the cursor, its name as the path."""
        place: Place = "volumes" if self.last is self.volumes else "networks"
        return Context(place, self.app.state, screen=self.NAME, path=self.last.key)

    @property
    def filtered(self) -> Filterable:
        """The list with focus."""
        return self.last

    def on_descendant_focus(self) -> None:
        """The details are those of the list with focus."""
        self.last = next((one for one in (self.networks, self.volumes) if one.has_focus), self.last)
        self._tell()

    @on(RowList.Moved)
    def _moved(self, event: RowList.Moved) -> None:
        if isinstance(event, RowList.Chosen):
            self.perform("open")
        elif event.rows is self.last:
            self._tell()

    def _tell(self) -> None:
        key, now = self.last.key or "", self.app.state.now()
        network, volume = self.known_networks.get(key), self.known_volumes.get(key)
        if self.last is self.networks and network is not None:
            self.about.show(*network_about(network, now))
        elif self.last is self.volumes and volume is not None:
            self.about.show(*volume_about(volume, now))
        else:
            self.about.show(self.about.columns, (), ("", "Nothing is selected."))
        self.about.entitle(((safe(key, 200) or "Details", "text"),))
        self.say_keys()

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
        from tui.screens.browse import Browse, of_volume

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


def judged_network(text: str) -> str:
    """What a line makes of a new network. :raises InvalidArgument: it cannot be meant."""
    from ipaddress import ip_network

    from engine.network.making import check_name

    words = text.split()
    if not 1 <= len(words) <= 2:
        raise InvalidArgument("type a name, and a subnet if you want a certain one")
    check_name(words[0])
    if len(words) == 1:
        return "with a free subnet; its containers find each other by name"
    try:
        return f"with the subnet {ip_network(words[1])}"
    except ValueError as error:
        raise InvalidArgument(str(error)) from error


def judged_volume(text: str) -> str:
    """What a line makes of a new volume. :raises InvalidArgument: it cannot be meant."""
    from engine.volumes.names import check_name

    if not text:
        return "without a name of its own"
    check_name(text)
    return f"makes the volume {text}"
