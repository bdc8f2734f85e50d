"""The state of the emulated service: the items, tasks and quotas of every account in every catalog."""
