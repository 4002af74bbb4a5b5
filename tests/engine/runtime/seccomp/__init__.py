"""Tests of seccomp profiles."""
