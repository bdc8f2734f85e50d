"""A dlt pipeline as a program: `load_program.py DIRECTORY URL [STEP]`; with a step, it is killed after that."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import dlt

from aiopartnercentral import selling
from aiopartnercentral.bulk import Limits, Source
from aiopartnercentral.integrations.dlt import dlt_source


def main(directory: str, url: str, step: str = "") -> None:
    database = dlt.destinations.duckdb(str(Path(directory, "warehouse.duckdb")))
    pipeline = dlt.pipeline(
        "partners", destination=database, dataset_name="partners", pipelines_dir=str(Path(directory, "pipelines"))
    )
    sources = [Source(catalog, endpoint_url=url) for catalog in ("AWS", "Sandbox")]
    source = dlt_source(selling.listings.list_opportunities(), sources, limits=Limits(rate=1000))
    sys.stdout.write("begins\n")
    sys.stdout.flush()
    if step:
        pipeline.extract(source)
        if step == "normalize":
            pipeline.normalize()
        os.kill(os.getpid(), signal.SIGKILL)
    pipeline.run(source).raise_on_failed_jobs()


if __name__ == "__main__":
    main(*sys.argv[1:])
