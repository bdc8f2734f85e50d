"""The state of the emulated service: what every account has in every catalog."""
