"""Turns botocore's service models into the typed packages below `src/aiopartnercentral`.

Data flows one way: `source` (JSON) -> `ir` (the typed model) -> `names` (Python names) -> `emit` (text) -> `check`
(writes the text, or compares it with the committed files).
"""
