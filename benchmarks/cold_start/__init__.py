"""Programs whose start-up is measured: `launch.py` runs each, with an endpoint URL and a catalog as arguments.

They get their credentials from the environment.
"""
