"""The state of an emulator on disk, and its replay at the next start."""
