"""Lamina's engine: images, layers and containers, without a screen.

Import the façade from :mod:`engine.engine`; this package itself loads nothing, so that
`lamina ps` pays only for what it uses.
"""

__version__ = "0.1.0"
