"""Turns botocore's service models into the typed packages below `src/aiopartnercentral`.

Data flows one way: `source` (JSON) -> `ir` (what the model says) -> `names` (what Python calls it) -> `emit` (text) ->
`check` (writes the text, or compares it with what is committed).
"""
