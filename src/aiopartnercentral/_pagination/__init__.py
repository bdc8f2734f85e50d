"""Concurrent pagination: pages of many sources, merged into one stream."""
