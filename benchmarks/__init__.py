"""Measures the library beside what people use today; `python -m benchmarks` prints the tables.

    __main__     the command
    run          the chosen figures on one server, with what a reader needs to judge them
    figures/     one module for each figure
    stage        what every figure is given: the server, workers, rounds that alternate
    cold_start/  the programs whose start is measured
    worker       one contender or decoder, in a process of its own
    contenders/  the ways to collect catalogs
    decoders     the ways to decode a page
    cattrs_classes, msgspec_structs  a page as somebody else would type it
    probes       what a worker measures beside the time: stalls of its event loop, resident memory
    messages     what a worker is told to do, and what it answers
    crew         starts and stops workers, and talks to them
    server       serves pages, in a process of its own
    serving      starts and stops that process, and measures how fast it can be
    emulating    the emulator, or a server that only repeats what it said, in a process of its own
    hammer       requests as fast as a server can answer them
    children     processes that live no longer than the one that started them
    pages        what is served and decoded: realistic pages, made from a seed
    results      figures as data: rounds, ratios, targets
    machine      where it was measured
    table, plot, record  figures as text, as a picture, as JSON
    errors       what stops a run

A worker loads the modules of its own contender alone.
"""
