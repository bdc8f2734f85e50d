"""Builds the documentation site: `nox -s docs`, or `python -m docs._site DIRECTORY`."""
