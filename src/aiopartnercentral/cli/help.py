"""The layout of `--help`: options in groups with titles, which are bold on a terminal, and examples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import typer
from typer.core import TyperCommand, TyperGroup

from aiopartnercentral._utils.text import one_line
from aiopartnercentral.cli.terminal import color_wish

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["Command", "Group", "examples", "write_sections"]

_OPTIONS: Final = "Options"
_WIDEST_TERMS: Final = 30


class Command(TyperCommand):
    """A command that lists its options in groups, and rejects a repeated option that is not a list.

    Depending on its version, typer has its own copy of click or uses click itself. The types of neither are part of
    typer's interface, hence `Any`.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - see the class
        """Parse the arguments."""
        values, _, given = self.make_parser(ctx).parse_args(list(args))
        for option in given:
            is_repeatable = option.multiple or getattr(option, "count", False) or option.is_eager
            if given.count(option) > 1 and not is_repeatable:
                ctx.fail(f"{'/'.join(option.opts)} can be given only once.")
        try:
            return super().parse_args(ctx, args)
        except Exception as error:
            # Some versions of typer leave out the value.
            message, name = getattr(error, "message", None), getattr(getattr(error, "param", None), "name", "")
            value = values.get(str(name))
            if isinstance(message, str) and message.startswith("Input should") and isinstance(value, str):
                vars(error)["message"] = f"{one_line(value)!r} is not valid: {message[0].lower()}{message[1:]}"
            raise

    def format_options(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - see the class
        """Write the arguments and options below the titles of their groups."""
        _write_options(self, ctx, formatter)


class Group(TyperGroup):
    """A group of commands, whose options and commands are below titles.

    Attributes:
        panels: the names of its commands by title, in order; those that are left out are not listed.
    """

    panels: ClassVar[Mapping[str, Sequence[str]]] = {}

    def format_options(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - see `Command`
        """Write the commands, then the options."""
        self.format_commands(ctx, formatter)
        _write_options(self, ctx, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - see `Command`
        """Write the commands below the titles of their groups."""
        found: dict[str, Any] = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        sections = {
            title: [(name, found[name].get_short_help_str(formatter.width)) for name in names if name in found]
            for title, names in self.panels.items()
        }
        write_sections(ctx, formatter, sections)


def write_sections(ctx: Any, formatter: Any, sections: Mapping[str, Iterable[tuple[str, str]]]) -> None:  # noqa: ANN401 - see `Command`
    """Write lists of terms with their texts, each below its title."""
    ctx.color = color_wish()  # read after this by what prints the help; None for bold titles on terminals only
    widest = min(_WIDEST_TERMS, formatter.width // 3)
    for title, records in sections.items():
        if rows := list(records):
            with formatter.section(typer.style(title, bold=True)):
                formatter.write_dl(rows, col_max=widest)


def _write_options(command: Any, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - see `Command`
    groups: dict[str, list[tuple[str, str]]] = {}
    for param in command.get_params(ctx):
        if (record := param.get_help_record(ctx)) is not None:
            term, text = record
            default = _OPTIONS
            if param.param_type_name == "argument":
                default, term = "Arguments", term.partition(" <")[0]  # newer versions of typer add its Python type
            groups.setdefault(getattr(param, "rich_help_panel", None) or default, []).append((term, text))
    write_sections(ctx, formatter, groups)


def examples(*lines: str) -> str:
    """Return the epilog with example commands, which are not wrapped."""
    return "\n".join(["\b", "Examples:" if len(lines) > 1 else "Example:", *(f"  {line}" for line in lines)])
