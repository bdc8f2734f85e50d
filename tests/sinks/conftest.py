"""What the tests of sinks share: the generator's golden packages, which have what this service's model has not."""

from __future__ import annotations

import sys

from tests.support import synthetic

sys.path.insert(0, str(synthetic.GOLDEN))
