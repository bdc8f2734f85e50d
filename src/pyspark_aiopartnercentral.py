"""The data source `partnercentral` of Spark 4, which imports every package whose name begins with `pyspark_`."""

from aiopartnercentral.integrations.spark import data_source

__all__ = ["DefaultSource"]

DefaultSource = data_source()
