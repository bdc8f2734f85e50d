"""Bulk work: many accounts, many catalogs."""

from aiopartnercentral.access import Credentials, CredentialsProvider, Role
from aiopartnercentral.bulk.clients import Clients
from aiopartnercentral.bulk.source import Source, check_sources
from aiopartnercentral.bulk.sources_file import load_sources

__all__ = ["Clients", "Credentials", "CredentialsProvider", "Role", "Source", "check_sources", "load_sources"]
