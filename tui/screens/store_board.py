"""Both lists, networks and volumes, and what is known of the one under the cursor."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical

from tui.actions import Context, Place, ScreenName
from tui.panels.stores import StoreList, network_about, network_list, volume_about, volume_list
from tui.screens.board import Board, bindings_of
from tui.state import Topics
from tui.text import safe
from tui.trail import Spot
from tui.widgets.filter import Filterable
from tui.widgets.lines import TooSmall
from tui.widgets.rows import RowList

if TYPE_CHECKING:
    from textual import events

    from engine.containers.network_list import NetworkRow
    from engine.volumes.models import Volume

_TWO_COLUMNS = 100
_MOST_NAMED = 8


class StoreBoard(Board):
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
    def spot(self) -> Spot:
        """This list."""
        place = self.context.place
        return Spot(place, again=lambda: type(self)(place))

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
