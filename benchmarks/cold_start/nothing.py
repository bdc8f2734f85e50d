"""Nothing: what Python itself takes."""
