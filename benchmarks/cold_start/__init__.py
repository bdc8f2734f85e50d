"""Programs whose start-up is measured, each run as a file with an endpoint URL and a catalog as arguments."""
