"""One listing of several sources, read by each engine in a process of its own: directly, into files, dlt and Spark."""

from __future__ import annotations

import os
import sys
from asyncio import run, to_thread
from contextlib import asynccontextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Any

import attrs

from aiopartnercentral import account
from aiopartnercentral.bulk import Collection, Limits, Source
from aiopartnercentral.sinks import open_sink
from benchmarks.errors import BenchmarkError
from benchmarks.probes import tree_cpu

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

LISTING = account.listings.list_connections(page_size=100)
LIMITS = Limits(rate=100_000, concurrency=8)
SPARK_THREADS = 2
_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "any",
    "AWS_SECRET_ACCESS_KEY": "any",
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "CRITICAL",
    "PYSPARK_PYTHON": sys.executable,
    "SPARK_LOCAL_IP": "127.0.0.1",
}


@attrs.frozen
class Turn:
    """The times of a turn of an engine.

    Attributes:
        seconds: wall time.
        cpu: CPU seconds of all its processes.
        rows: how many rows it has read.
    """

    seconds: float
    cpu: float
    rows: int


def _objects(sources: Sequence[Source], _: Path) -> int:
    with Collection(LISTING, sources, limits=LIMITS).batches().blocking() as stream:
        return sum(len(batch) for _, batch in stream)


def _arrow(sources: Sequence[Source], _: Path) -> int:
    with Collection(LISTING, sources, limits=LIMITS).arrow().blocking() as stream:
        return sum(batch.num_rows for batch in stream)


def _ndjson(sources: Sequence[Source], folder: Path) -> int:
    return _into(sources, folder / "out.ndjson")


def _parquet(sources: Sequence[Source], folder: Path) -> int:
    return _into(sources, folder / "out.parquet")


def _into(sources: Sequence[Source], path: Path) -> int:
    sink = open_sink(path, cls=account.ConnectionSummary)
    return run(Collection(LISTING, sources, limits=LIMITS).into(sink)).items


def _dlt(sources: Sequence[Source], folder: Path) -> int:
    dlt = import_module("dlt")
    from aiopartnercentral.integrations.dlt import dlt_source  # noqa: PLC0415 - of an extra

    with TemporaryDirectory(dir=folder) as own:
        destination: Any = dlt.destinations.duckdb(f"{own}/benchmark.duckdb")
        pipeline = dlt.pipeline("benchmark", pipelines_dir=own, destination=destination, dataset_name="rows")
        pipeline.run(dlt_source(LISTING, sources, limits=LIMITS))
        with pipeline.sql_client() as client:
            found: Any = client.execute_sql("SELECT count(*) FROM list_connections")
    return int(found[0][0])


def _spark(sources: Sequence[Source], folder: Path) -> int:
    from aiopartnercentral.integrations.spark import frame  # noqa: PLC0415 - of an extra

    builder = import_module("pyspark.sql").SparkSession.builder
    builder = builder.master(f"local[{SPARK_THREADS}]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.sql.warehouse.dir", str(folder)).config("spark.driver.bindAddress", "127.0.0.1")
    spark = builder.config("spark.log.level", "OFF").config("spark.ui.showConsoleProgress", "false").getOrCreate()
    output = folder / "rows"
    frame(spark, LISTING, sources, limits=LIMITS).write.mode("overwrite").parquet(str(output))
    read_metadata = import_module("pyarrow.parquet").read_metadata
    return sum(read_metadata(path).num_rows for path in output.glob("*.parquet"))


def _stop_spark() -> None:
    session = import_module("pyspark.sql").SparkSession.getActiveSession()
    if session is not None:
        session.stop()


OBJECTS, ARROW, NDJSON, PARQUET, DLT, SPARK = ENGINES = (
    "objects",
    "Arrow",
    "file of NDJSON",
    "file of Parquet",
    "dlt into DuckDB",
    f"Spark local[{SPARK_THREADS}] into Parquet",
)
_READ: Mapping[str, Callable[[Sequence[Source], Path], int]] = {
    OBJECTS: _objects,
    ARROW: _arrow,
    NDJSON: _ndjson,
    PARQUET: _parquet,
    DLT: _dlt,
    SPARK: _spark,
}
_NEEDS = {ARROW: ("pyarrow",), PARQUET: ("pyarrow",), DLT: ("dlt", "duckdb"), SPARK: ("pyspark", "pyarrow")}


def installed() -> tuple[str, ...]:
    """Return the engines whose packages are installed."""
    return tuple(name for name in ENGINES if all(find_spec(each) for each in _NEEDS.get(name, ())))


@asynccontextmanager
async def open_engine(name: str) -> AsyncIterator[tuple[str, Path]]:
    """Prepare the process of an engine; yields its name and a directory for its output."""
    os.environ.update(_ENVIRONMENT)
    with TemporaryDirectory(prefix="benchmarks-") as folder:
        try:
            yield name, Path(folder)
        finally:
            if name == SPARK:
                await to_thread(_stop_spark)


async def read(engine: tuple[str, Path], url: str, catalogs: Sequence[str]) -> Turn:
    """Let an engine read a listing of catalogs, each of which is a source with an account of its own."""
    name, folder = engine
    sources = [Source(catalog, endpoint_url=url, account=catalog) for catalog in catalogs]
    cpu, began = tree_cpu(), perf_counter()
    rows = await to_thread(_READ[name], sources, folder)
    return Turn(perf_counter() - began, tree_cpu() - cpu, rows)


def checked(turn: Turn, rows: int) -> Turn:
    """Return a turn that has read as many rows as there are.

    Raises:
        BenchmarkError: it has not.
    """
    if turn.rows != rows:
        raise BenchmarkError(f"expected {rows} rows, got {turn.rows}")
    return turn
