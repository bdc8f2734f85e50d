"""The base of both converters: a cattrs converter that uses fast functions until a hook is added."""

from __future__ import annotations

from types import UnionType
from typing import TYPE_CHECKING, Any, ClassVar, Self, Union, get_origin

import cattrs

if TYPE_CHECKING:
    from aiopartnercentral._serialization.decode import Decode
    from aiopartnercentral._serialization.fast import Fast


class ServiceConverter(cattrs.Converter):
    """A cattrs converter of generated classes.

    It converts with the fast functions of one service until a hook is added, which they would ignore.

    Attributes:
        is_botocore: whether it converts botocore's dicts, and not JSON.
    """

    is_botocore: ClassVar[bool] = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as cattrs declares them
        """Take what `cattrs.Converter` takes."""
        self._fast: Fast | None = None
        super().__init__(*args, **kwargs)

    @property
    def has_own_hooks(self) -> bool:
        """Whether hooks were added to the default ones."""
        return self._fast is None

    def use_fast(self, fast: Fast) -> None:
        """Use these fast functions for the values that they can convert, until a hook is added."""
        self._fast = fast

    def copy(self, *args: Any, **kwargs: Any) -> Self:  # noqa: ANN401 - as cattrs declares them
        """Copy as cattrs does."""
        copied = super().copy(*args, **kwargs)
        copied._fast = self._fast  # noqa: SLF001 - of the same class
        return copied

    __copy__ = copy

    def register_structure_hook(self, cl: Any, func: Decode[Any] | None = None) -> Any:  # noqa: ANN401 - as cattrs
        """Register as cattrs does; a hook for a union takes precedence over the default one, as for any other class."""
        self._fast = None
        if func is None:
            return super().register_structure_hook(cl)
        if get_origin(cl) in (Union, UnionType):
            return self.register_structure_hook_func(lambda candidate: bool(candidate == cl), func)
        return super().register_structure_hook(cl, func)

    def register_structure_hook_func(self, check_func: Any, func: Any) -> None:  # noqa: ANN401 - as cattrs
        """Register as cattrs does."""
        self._fast = None
        super().register_structure_hook_func(check_func, func)

    def register_structure_hook_factory(self, predicate: Any, factory: Any = None) -> Any:  # noqa: ANN401 - as cattrs
        """Register as cattrs does."""
        self._fast = None
        return super().register_structure_hook_factory(predicate, factory)

    def register_unstructure_hook(self, cls: Any, func: Any = None) -> Any:  # noqa: ANN401 - as cattrs
        """Register as cattrs does."""
        self._fast = None
        return super().register_unstructure_hook(cls, func)

    def register_unstructure_hook_func(self, check_func: Any, func: Any) -> None:  # noqa: ANN401 - as cattrs
        """Register as cattrs does."""
        self._fast = None
        super().register_unstructure_hook_func(check_func, func)

    def register_unstructure_hook_factory(self, predicate: Any, factory: Any = None) -> Any:  # noqa: ANN401 - as cattrs
        """Register as cattrs does."""
        self._fast = None
        return super().register_unstructure_hook_factory(predicate, factory)
