"""Reads an object, lets a function change it, and writes it back without losing what the model does not know."""
