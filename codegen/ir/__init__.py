"""A service model as typed data, without Python names or Python source.

Every shape is one of `Scalar`, `Enum`, `List`, `Map`, `Structure` and `Union`; they refer to each other by shape name.
"""

from __future__ import annotations

from .service import Omission, Operation, Pagination, Service, Texts
from .shapes import (
    Constraints,
    Enum,
    Fault,
    Kind,
    List,
    Location,
    Map,
    Member,
    Protocol,
    Scalar,
    Shape,
    Structure,
    TimestampFormat,
    Union,
)

__all__ = [
    "Constraints",
    "Enum",
    "Fault",
    "Kind",
    "List",
    "Location",
    "Map",
    "Member",
    "Omission",
    "Operation",
    "Pagination",
    "Protocol",
    "Scalar",
    "Service",
    "Shape",
    "Structure",
    "Texts",
    "TimestampFormat",
    "Union",
]
