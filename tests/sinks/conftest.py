"""Makes the generator's golden packages importable: they have shapes that the account service does not."""

from __future__ import annotations

import sys

from tests.codegen import synthetic

sys.path.insert(0, str(synthetic.GOLDEN))
