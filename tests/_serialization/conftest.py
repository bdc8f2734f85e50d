from __future__ import annotations

import sys

from tests.support import synthetic
from tests.support.clients import aws_environment, client, server

__all__ = ["aws_environment", "client", "server"]

sys.path.insert(0, str(synthetic.GOLDEN))  # packages with shapes that the account service does not have
