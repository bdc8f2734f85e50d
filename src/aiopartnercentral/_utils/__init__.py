"""Utilities that all packages use: validators, threads, file locks, lazy imports, model data."""
