"""Volumes: data that outlives containers. Kept, filled, looked into, carried in and out."""
