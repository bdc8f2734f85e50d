"""Runs commands of the AWS CLI in one process, as starting a process for each would take most of the time.

Reads lines of JSON, each an access key and the arguments, and writes a line with exit code, stdout and stderr.
"""

from __future__ import annotations

import io
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout

from awscli.clidriver import create_clidriver

if __name__ == "__main__":
    for line in sys.stdin:
        os.environ["AWS_ACCESS_KEY_ID"], arguments = json.loads(line)
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = create_clidriver().main(arguments)
        sys.stdout.write(json.dumps([code, out.getvalue(), err.getvalue()]) + "\n")
        sys.stdout.flush()
