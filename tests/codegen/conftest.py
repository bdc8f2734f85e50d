"""What the tests of the generator share: the golden packages can be imported, anew if `UPDATE_GOLDEN` is set."""

from __future__ import annotations

import os
import sys

from codegen import check
from tests.support import synthetic

if os.environ.get("UPDATE_GOLDEN"):  # here, before any test imports one of them
    for feature in synthetic.FEATURES:
        check.write(check.render(synthetic.source(feature)), synthetic.config(feature).output, is_ours=True)

sys.path.insert(0, str(synthetic.GOLDEN))
