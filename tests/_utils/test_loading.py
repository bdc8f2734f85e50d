"""A process that is forked while a thread loads a module can load that module, too."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

SLOW = "import time\ntime.sleep(0.5)\n"
PROGRAM = """if True:
    import os, sys, threading, time
    from aiopartnercentral._utils.loading import load_in_this_thread

    threading.Thread(target=load_in_this_thread, args=["slow"]).start()
    while "slow" not in sys.modules:
        time.sleep(0.01)
    child = os.fork()
    import slow  # with its lock held by a thread that the child does not have, this would never end
    if not child:
        os._exit(7)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
OWN = """if True:
    import os
    from aiopartnercentral._utils.loading import load_in_this_thread

    load_in_this_thread("forking")
    print("done")
"""
FORKING = """if True:
    import os
    child = os.fork()
    if not child:
        os._exit(7)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.parametrize(("program", "printed"), [(PROGRAM, "7\n"), (OWN, "7\ndone\n")], ids=["another", "its own"])
def test_a_fork_while_a_module_is_loaded_does_not_stop_the_child(program: str, printed: str, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    (tmp_path / "forking.py").write_text(FORKING)
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", program]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == (printed, "")
