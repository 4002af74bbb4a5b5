"""What the kernel offers, without policy. System calls themselves are in `engine.launch.syscalls`."""
