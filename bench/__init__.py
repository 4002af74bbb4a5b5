"""How fast Lamina is beside podman and docker: the same work, in turns. `python -m bench --help`."""
