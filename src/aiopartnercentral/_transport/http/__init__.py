"""HTTP clients other than aiobotocore's."""
