"""What editors show of generated code: docstrings, and the strings after attributes, which Python does not keep."""

from __future__ import annotations

import ast
import inspect
import re
from itertools import pairwise

__all__ = ["argument_texts", "attribute_texts", "docstring"]


def docstring(value: object) -> str:
    """Return the docstring of a method or a class; that of a class also lists its attributes that have texts."""
    texts = attribute_texts(value) if inspect.isclass(value) else {}
    section = ["", "Attributes:", *(f"    {name}: {text}" for name, text in texts.items())] if texts else []
    return "\n".join([inspect.getdoc(value) or "", *section])


def argument_texts(method: object) -> dict[str, str]:
    """Return what the docstring of a generated method says about each argument, as sentences."""
    _, _, section = (inspect.getdoc(method) or "").partition("\nArguments:\n")
    entries = re.findall(r"    (\w+): (.*(?:\n {8}.*)*)\n?", section.partition("\n\n")[0])
    return {name: " ".join(f"{text[:1].upper()}{text[1:]}".split()) for name, text in entries}


def attribute_texts(cls: type) -> dict[str, str]:
    """Return the string after each attribute in the source of a generated class, and of the bases with fields."""
    found = _own_texts(cls)
    for base in cls.__mro__[1:]:
        if "__attrs_attrs__" in vars(base):
            found = {**found, **_own_texts(base), **found}
    return found


def _own_texts(cls: type) -> dict[str, str]:
    """Return those in the source of the class itself."""
    try:
        tree = ast.parse(inspect.getsource(cls))
    except OSError:  # only compiled modules are installed
        return {}
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef | ast.FunctionDef)]
    found = {}
    for node, after in (pair for body in bodies for pair in pairwise(body)):
        match node, after:
            case (
                ast.Assign(targets=[ast.Name(id=name) | ast.Attribute(attr=name)])
                | ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = inspect.cleandoc(text).replace("\n", " ")
    return found
