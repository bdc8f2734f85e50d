"""Pickles of what may have secrets: one that would have a secret is refused, and the error names the remedy."""

from __future__ import annotations

import sys
from pickle import PicklingError, dumps
from types import FunctionType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from typing import SupportsIndex

__all__ = ["PickledWithoutSecrets", "check_no_password", "check_no_secrets", "check_picklable"]

_FUNCTION = "a function of an imported module"


class PickledWithoutSecrets:
    """Base of frozen values that may have secrets: pickling one that has a secret raises `pickle.PicklingError`.

    Copies in the same process are the value itself.
    """

    __slots__ = ()

    def _check_pickled(self) -> None:
        """Raise `PicklingError` if the value has a secret."""
        raise NotImplementedError

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> str | tuple[Any, ...]:
        """Pickle it.

        Raises:
            pickle.PicklingError: the pickle would have a secret; the message names the remedy.
        """
        self._check_pickled()
        return super().__reduce_ex__(protocol)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _: dict[int, Any]) -> Self:
        return self


def check_no_secrets(
    owner: str, *, external_id: str | None, credentials: object | None, client: object | None = None
) -> None:
    """Check that a pickle has no secret, and that another process can use it.

    Arguments:
        owner: what is pickled, for messages.
        external_id: the external id of its role, or None.
        credentials: its credentials, or a provider of them, or None.
        client: its open client, or None.

    Raises:
        pickle.PicklingError: it has an external id, an open client, credentials, or a provider that is not a function
            of a module.
    """
    found = remedy = None
    if external_id is not None:
        found, remedy = "an external id", "give the role external_id_env"
    elif client is not None:
        found, remedy = "an open client", "give it a profile or a role"
    elif credentials is not None and not _is_importable(credentials):
        found, remedy = (
            "a credentials provider that may hold secrets",
            f"give it a profile or a role, or a provider that is {_FUNCTION}",
        )
    if found is not None:
        raise PicklingError(f"{owner} has {found}, which is not pickled: {remedy}")


def _is_importable(function: object) -> bool:
    """Return whether a pickle has only the name of a function; cloudpickle copies those of `__main__` whole."""
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    if not isinstance(function, FunctionType) or module == "__main__":
        return False
    return getattr(sys.modules.get(str(module)), str(name), None) is function


def check_no_password(config: object) -> None:
    """Check that botocore's config, or None, has no password.

    Raises:
        pickle.PicklingError: it has the password of a proxy.
    """
    if "@" in str(getattr(config, "proxies", None)):
        raise PicklingError(
            "config has a proxy with user name and password, which are not pickled: set HTTPS_PROXY where it runs"
        )


def check_picklable(name: str, value: object) -> None:
    """Check that pickle accepts an argument, so that the error names it.

    Raises:
        pickle.PicklingError: it does not; the message has the name and the type, and no value.
    """
    try:
        dumps(value)
    except Exception:  # noqa: BLE001 - whatever the methods of its objects raise, which may quote them
        is_function = callable(value) and hasattr(value, "__qualname__")
        what = getattr(value, "__qualname__", "") if is_function else f"of the type {type(value).__qualname__}"
    else:
        return
    remedy = f": pass {_FUNCTION}" if is_function else ""
    raise PicklingError(f"{name} is {what}, which cannot be pickled{remedy}")
