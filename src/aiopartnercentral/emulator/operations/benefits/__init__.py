"""The operations of the service `benefits`: benefits, applications and allocations."""
