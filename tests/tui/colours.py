"""How far apart colours are, for everybody's eyes: contrast by WCAG 2.1, difference by CIE 1976.

Colour blindness is simulated by the matrices of Machado, Oliveira and Fernandes (2009), severity 1.0,
which are applied to linear light.
"""

from __future__ import annotations

import math

_DEUTERANOPIA = (
    (0.367322, 0.860646, -0.227968),
    (0.280085, 0.672501, 0.047413),
    (-0.011820, 0.042940, 0.968881),
)
_PROTANOPIA = (
    (0.152286, 1.052583, -0.204868),
    (0.114503, 0.786281, 0.099216),
    (-0.003882, -0.048116, 1.051998),
)
_Matrix = tuple[tuple[float, float, float], ...]
_AS_IT_IS: _Matrix = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
EYES: dict[str, _Matrix] = {
    "all cones": _AS_IT_IS,
    "deuteranopia": _DEUTERANOPIA,
    "protanopia": _PROTANOPIA,
}


def linear(colour: str) -> list[float]:
    """`#rrggbb` as linear light, each part 0 to 1."""
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def contrast(one: str, other: str) -> float:
    """Contrast ratio, 1 to 21."""
    light, dark = sorted((_luminance(linear(one)), _luminance(linear(other))), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def difference(one: str, other: str, eyes: str) -> float:
    """CIE 1976 colour difference as those eyes see it; about 2 is just seen."""
    return math.dist(_lab(_seen(one, eyes)), _lab(_seen(other, eyes)))


def _seen(colour: str, eyes: str) -> list[float]:
    light = linear(colour)
    return [
        max(0.0, sum(weight * part for weight, part in zip(row, light, strict=True))) for row in EYES[eyes]
    ]


def _luminance(light: list[float]) -> float:
    return 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2]


def _lab(light: list[float]) -> tuple[float, float, float]:
    red, green, blue = light
    x = (0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047
    y = _luminance(light)
    z = (0.0193339 * red + 0.1191920 * green + 0.9503041 * blue) / 1.08883
    fx, fy, fz = (_root(part) for part in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def _root(part: float) -> float:
    return float(part ** (1 / 3)) if part > 216 / 24389 else (24389 / 27 * part + 16) / 116
