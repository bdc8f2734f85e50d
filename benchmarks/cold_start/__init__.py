"""Programs whose start is measured, each run as a file; arguments: the endpoint's URL and a catalog."""
