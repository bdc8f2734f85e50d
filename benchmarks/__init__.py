"""Measures the library beside what people use today; `python -m benchmarks` prints the tables.

    __main__, command  the command
    run                the chosen cases on one server, with what a reader needs to judge them
    compare, workload  this checkout against another one: processes of both by turns
    cases/             one module for each case, or two that are alike
    harness            what every case is given: the server, workers, rounds that alternate
    worker_pool        processes of their own, each of which holds a client, a decoder or a server
    tasks, probes      what a worker does with it, and what it measures beside the time
    clients/           the ways to collect catalogs
    decoders           the ways to decode and encode a page
    cattrs_classes, msgspec_structs  a page as somebody else would type it
    cold_start/        the programs whose start is measured
    server, pages      a server of pages that were made before, from a seed
    emulator_servers   the emulator, and a server that only repeats what it said
    load_generator     requests as fast as a server can answer them
    results, report, plot  figures as data, as text and JSON, as a picture
    machine            where it was measured

A worker loads the modules of its own client alone.
"""
