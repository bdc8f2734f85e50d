"""The handlers of the operations: each takes a valid request and returns the JSON of the response.

A handler changes the state only after everything that can fail: a request takes effect completely or not at all.
"""
