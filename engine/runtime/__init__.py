"""One container's life: its task from image and options, start and handshake, state, logs, attach."""
