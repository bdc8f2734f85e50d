"""Runs a program and prints the peak of its resident memory, in KiB, as Linux reports it; elsewhere 0.

What the parent process is told about a child's peak contains the memory of the parent before it started the child.
"""

import sys

program = sys.argv[1]
del sys.argv[:1]
with open(program, encoding="utf-8") as file:  # noqa: PTH123 - would load pathlib, which some programs do without
    code = compile(file.read(), program, "exec")
exec(code)  # noqa: S102 - a program of this package
peak = "0"
if sys.platform == "linux":
    with open("/proc/self/status", encoding="utf-8") as status:  # noqa: PTH123 - as above
        peak = next(line for line in status if line.startswith("VmHWM:")).split()[1]
sys.stdout.write(f"{peak}\n")
