"""What Sphinx lacks: Markdown's code in docstrings, types with links, and links from code to the reference."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxRole
from sphinx.util.inspect import stringify_signature
from sphinx.util.nodes import make_refnode

from .names import SERVICE_PACKAGES, described

if TYPE_CHECKING:
    from collections.abc import Callable

    from sphinx.application import Sphinx

_CODE = re.compile(r"(`+)(.+?)\1(\w*)", re.DOTALL)
_INDENTED = re.compile(r"(?<=\S)\n((?:\n {4}.*)(?:\n(?: {4}.*)?)*)(?=\n\n\S|\n*\Z)")
_IDENTIFIER = re.compile(r"[A-Za-z_][\w.]*")
_MODULES = re.compile(r"\b(?:enums|structures|operations|listings|account)\.(?=[A-Z])")


def without_markdown(_app: Sphinx, _what: str, _name: str, _value: object, _options: object, lines: list[str]) -> None:
    """Change code of Markdown to that of reStructuredText, and escape what means something there."""
    parts = _INDENTED.split("\n".join(lines))
    texts, programs = parts[::2], parts[1::2]
    made = [_without_markdown(texts[0])]
    for program, text in zip(programs, texts[1:], strict=True):
        made += ["\n\n.. code-block:: python\n", program, _without_markdown(text)]
    lines[:] = "".join(made).split("\n")


def _without_markdown(text: str) -> str:
    parts = []
    end = 0
    for found in _CODE.finditer(text):
        code = " ".join(found[2].split())
        parts += [_escaped(text[end : found.start()]), f"``{code}``", f"\\ {found[3]}" if found[3] else ""]
        end = found.end()
    return "".join([*parts, _escaped(text[end:])])


def _escaped(text: str) -> str:
    return re.sub(r"([*|]|_(?!\w))", r"\\\1", text)


def as_written(
    _app: Sphinx,
    what: str,
    _name: str,
    value: Callable[..., object],
    _options: object,
    arguments: str | None,
    result: str | None,
) -> tuple[str | None, str | None] | None:
    """Give a signature the annotations of the source; evaluated ones name private modules, and enumerate literals."""
    if arguments is None or what in ("attribute", "data", "property"):
        return None
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return None
    parameters = list(signature.parameters.values())
    if what == "method" and parameters and parameters[0].name in ("self", "cls"):
        parameters = parameters[1:]
    is_class = what in ("class", "exception")
    signature = signature.replace(
        parameters=parameters, **({"return_annotation": inspect.Signature.empty} if is_class else {})
    )
    text = _MODULES.sub("", stringify_signature(signature, unqualified_typehints=True))
    shown, arrow, returned = text.rpartition(" -> ")
    return (shown, returned) if arrow else (text, result if not is_class else None)


class TypeRole(SphinxRole):
    """A type, with a link from each name in it that the reference describes."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the type as code."""
        module = self.env.ref_context.get("py:module")
        code = nodes.inline(self.text, "", classes=["type"])
        end = 0
        for found in _IDENTIFIER.finditer(self.text):
            full = f"{module}.{found[0]}"
            if full not in described() and f"aiopartnercentral.types.{found[0]}" in described():
                full = f"aiopartnercentral.types.{found[0]}"
            if full in described():
                code += nodes.Text(self.text[end : found.start()])
                link = addnodes.pending_xref("", refdomain="py", reftype="obj", reftarget=full, refdoc=self.env.docname)
                link += nodes.Text(found[0])
                code += link
                end = found.end()
        code += nodes.Text(self.text[end:])
        return [code], []


class CodeLinks(SphinxPostTransform):
    """Makes a link of code that is a public name, or a call of one."""

    default_priority = 20

    def run(self, **_: object) -> None:
        """Wrap the code of the page."""
        for code in list(self.document.findall(nodes.literal)):
            if isinstance(code.parent, nodes.reference | addnodes.pending_xref | nodes.title):
                continue
            name = re.match(r"([A-Za-z_][\w.]*)(\(.*\))?\Z", code.astext())
            full = name and _full_name(name[1], self.env.docname)
            location = full and self.env.domains.python_domain.objects.get(full)
            if full and location:
                link = make_refnode(self.app.builder, self.env.docname, location.docname, location.node_id, [], full)
                code.replace_self(link)
                link += code


def _full_name(name: str, page: str) -> str | None:
    """Return the full name that code on a page means, if it is clear."""
    parts = page.split("/")
    own = f"aiopartnercentral.{parts[1]}" if len(parts) > 1 else None
    service = own if own in SERVICE_PACKAGES else None
    if service and (name.islower() and f"{service}.listings.{name}" in described()):
        return f"{service}.Client.{name}"
    packages = ["aiopartnercentral", "aiopartnercentral.bulk", "aiopartnercentral.sinks"]
    packages[:0] = [service] if service else []
    wanted = [name, *(f"{package}.{name}" for package in packages)]
    head, _, rest = name.partition(".")
    if rest:
        wanted.append(f"aiopartnercentral.{name}")
        wanted += [f"{package}.{name}" for package in packages if f"{package}.{head}" in described()]
    elif name.islower():  # too many things are called `connect` or `listings`
        wanted = [each for each in wanted if "_" in name]
    return next(
        (each for each in wanted if each in described() or (rest and each.rpartition(".")[0] in described())), None
    )


class TypeLinks(SphinxPostTransform):
    """Makes references of annotations those to full names, as Sphinx searches by the last part alone otherwise."""

    default_priority = 5

    def run(self, **_: object) -> None:
        """Change the references of the page, and remove those to names that the reference does not have."""
        known = self.app.env.domains.python_domain.objects
        for reference in list(self.document.findall(addnodes.pending_xref)):
            if reference.get("refdomain") != "py":
                continue
            target = str(reference["reftarget"])
            name = target.rpartition(".")[2]
            own = str(reference.get("py:module"))
            packages = (own, *(f"aiopartnercentral{each}" for each in ("", ".bulk", ".sinks", ".types", ".emulator")))
            wanted = (target, f"{own}.{target}", *(f"{package}.{name}" for package in packages))
            found = next((each for each in wanted if each in known), None)
            if found is None:
                forms = reference.findall(addnodes.pending_xref_condition)
                short = next((each for each in forms if each.get("condition") == "resolved"), reference)
                reference.replace_self(short.children)
            else:
                reference["reftarget"], reference["refspecific"] = found, False


def setup(app: Sphinx) -> dict[str, bool]:
    """Register all of it."""
    app.add_role("annotation", TypeRole())
    app.add_post_transform(TypeLinks)
    app.add_post_transform(CodeLinks)
    app.connect("autodoc-process-docstring", without_markdown, priority=400)
    app.connect("autodoc-process-signature", as_written)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
