"""Generate packages for the services of the installed botocore: one, or all in several processes."""
