"""One API call: the only room that calls aiobotocore and botocore."""
