"""What became of a case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from tests.compliance.suites import Case, Suite


@attrs.frozen
class Outcome:
    """How one of the two clients did; it passed if there is nothing to say.

    Attributes:
        problems: what was not as expected, a line each.
    """

    problems: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.problems

    def __str__(self) -> str:
        return "passed" if self.passed else "; ".join(self.problems)


@attrs.frozen(kw_only=True)
class Result:
    """How both clients did, side by side.

    Attributes:
        suite: the suite.
        case: the case.
        ours: how the generated client did; None where the case is out of scope.
        theirs: how botocore's own did; None where there was nothing to compare it with.
        out_of_scope: why nothing is expected of the generated client, or None.
    """

    suite: Suite
    case: Case
    ours: Outcome | None = None
    theirs: Outcome | None = None
    out_of_scope: str | None = None

    @property
    def we_passed(self) -> bool:
        """Whether the generated client passed."""
        return self.ours is not None and self.ours.passed

    @property
    def they_passed(self) -> bool:
        """Whether botocore's own client passed."""
        return self.theirs is not None and self.theirs.passed

    @property
    def failed(self) -> bool:
        """Whether the generated client should have passed and did not."""
        return self.out_of_scope is None and not self.we_passed

    @property
    def is_below(self) -> bool:
        """Whether botocore's own client did better, where that is not on purpose."""
        return self.failed and self.they_passed

    @property
    def is_above(self) -> bool:
        """Whether the generated client passed and botocore's own did not."""
        return self.we_passed and not self.they_passed

    @property
    def where(self) -> str:
        """File, suite and case."""
        return f"{self.suite.file} {self.suite.index}:{self.case.index} {self.case.name}"
