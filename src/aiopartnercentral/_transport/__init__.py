"""API calls through aiobotocore and botocore, and the credentials that sign them."""
