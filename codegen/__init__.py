"""Turns botocore's service models into typed packages.

It is `codegen` in a checkout, where it writes the packages below `src/aiopartnercentral`, and
`aiopartnercentral.codegen` in a wheel. So its modules import each other by relative names.

Data flows one way: `source` (JSON) -> `ir` (the typed model) -> `names` (Python names) -> `emit` (text) -> `check`
(writes the text, or compares it with the committed files).
"""

COMMAND = f"python -m {__name__}"
"""How a user runs this generator."""
