"""What every room uses: validators, threads, file locks, lazy imports, model data."""
