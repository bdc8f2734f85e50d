"""The first attempt of a usual call, without botocore's request path, which takes four fifths of the time of a call."""
