"""Logs on the screen: reading them at a pace, keeping a bounded part, and drawing what of it is seen."""
