"""The façade, verb by verb."""
