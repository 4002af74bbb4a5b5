"""A theme as styles: inks by name, on the surface they are drawn on."""

from __future__ import annotations

from functools import cache

from rich.style import Style
from textual.theme import Theme as TextualTheme

from tui.theme import Theme, blend


class Palette:
    """Styles of one theme, made once each.

    An ink is a role, `slotN`, `frame` or a surface, with `bold` or `reverse` after it if wanted, and
    `on` another ink for the ground: `accent bold`, `slot3 on slot4`.
    """

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self.style = cache(self._style)

    def _style(self, ink: str, surface: str = "panel") -> Style:
        ink, _, ground = ink.partition(" on ")
        name, *marks = ink.split(" ")
        return Style(
            color=self.theme.colour(name),
            bgcolor=self.theme.colour(ground or surface),
            bold="bold" in marks,
            reverse="reverse" in marks,
        )


def textual_theme(theme: Theme) -> TextualTheme:
    """The same colours under the names that style sheets know."""
    roles, surfaces = theme.roles, theme.surfaces
    frame = theme.colour("frame")
    return TextualTheme(
        name=theme.name,
        primary=roles["accent"],
        accent=roles["accent"],
        warning=roles["warn"],
        error=roles["bad"],
        success=roles["good"],
        foreground=roles["text"],
        background=surfaces["background"],
        surface=surfaces["panel"],
        panel=surfaces["panel"],
        dark=theme.kind == "dark",
        text_alpha=1.0,
        variables={
            "frame": frame,
            "muted": roles["muted"],
            "cursor-row": surfaces["cursor"],
            "border": roles["accent"],
            "border-blurred": frame,
            "input-cursor-background": roles["accent"],
            "input-cursor-foreground": surfaces["panel"],
            "input-selection-background": blend(surfaces["panel"], roles["accent"], 0.35),
            "input-selection-foreground": roles["text"],
        },
    )
