"""Compares the library with other clients and decoders; `python -m benchmarks` prints the tables.

    __main__, command  the command
    run                the selected cases on one server, with the facts to judge them
    compare, workload  this checkout compared with another one, in alternating processes
    cases/             one module for each case, or for two similar ones
    harness            the server, the workers and the alternating rounds of every case
    worker_pool        separate processes, each with a client, a decoder or a server
    tasks, probes      the tasks of a worker, and its measurements other than time
    clients/           the ways to collect catalogs
    decoders           the ways to decode and encode a page
    cattrs_classes, msgspec_structs  hand-written types of a page
    cold_start/        the programs whose start-up is measured, and what launches them
    server, pages, cbor_pages  a server of prepared pages, generated from a seed
    emulator_servers   the emulator, and a server that repeats its responses
    load_generator     sends requests as fast as a server can answer them
    results, report, plot  figures as data, as text and JSON, and as a picture
    machine            facts about the machine

A worker imports only the modules of its own client.
"""
