"""The seeded items, a pure function of (seed, catalog, index)."""
