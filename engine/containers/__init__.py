"""Containers: made, started, stopped, looked at, removed."""
