"""The operations of the service `benefits`: benefit applications."""
