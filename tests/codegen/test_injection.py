"""Text of a model is data: no name, value or pattern in it can become code of the generated package."""

from __future__ import annotations

import ast
import importlib
import io
import itertools
import json
import re
import sys
import tokenize

import attrs
import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from codegen import check, emit, names
from codegen.build import build
from codegen.source import Source
from tests.support import synthetic

HOSTILE = (
    '"',
    '""',
    '"""',
    '""""',
    "'''",
    "\\",
    '\\"""',
    '\\"',
    "\n",
    "\r\n\t\x0c\x00",
    '"""\nraise SystemExit\n"""',
    "'); raise SystemExit  #",
    "# comment\nraise SystemExit",
    "{}",
    "{0}{name!r}{{",
    "%s%(x)d",
    "\u2028\u202e\ud800é𝔘",  # noqa: RUF001 - meant to be odd
    "`x` ``y``",
    "*/ r'''",
    "\\N{BULLET}\\x4\\u12",
)
PIECES = st.sampled_from(HOSTILE) | st.text(max_size=5)
TEXTS = st.builds("".join, st.lists(PIECES, min_size=1, max_size=4))
NUMBER = itertools.count()


def source(text, package="hostile"):
    """Return a model that has the text wherever a model may have text of its own."""

    def structure(**more):
        members = {f"A{text}": {"shape": f"S{text}"}, f"a{text}": {"shape": f"E{text}", "locationName": f"L{text}"}}
        return {"type": "structure", "members": members, **more}

    model = {
        "version": "2.0",
        "metadata": {"protocol": "json", "serviceFullName": f"Name {text}", "uid": f"uid-{text}"},
        # The module of its resource comes after `common`, whatever the text is.
        "operations": {
            f"OpZ{text}": {
                "name": f"OpZ{text}",
                "input": {"shape": f"I{text}"},
                "output": {"shape": f"O{text}"},
                "errors": [{"shape": f"X{text}"}],
            }
        },
        "shapes": {
            f"S{text}": {"type": "string", "pattern": text, "min": 1},
            f"E{text}": {"type": "string", "enum": [text, f"V{text}"], "pattern": f"{text} {text}"},
            f"U{text}": structure(union=True),
            f"I{text}": structure(required=[f"A{text}"]),
            f"O{text}": structure(),
            f"X{text}": structure(exception=True, error={"code": f"C{text}"}),
            f"M{text}": {"type": "map", "key": {"shape": f"E{text}"}, "value": {"shape": f"U{text}"}},
            f"H{text}": {"type": "structure", "members": {text: {"shape": f"M{text}"}}},
        },
    }
    return Source(config=attrs.evolve(synthetic.config("hostile"), package=package), service=model, paginators={})


def rendered(text):
    """Return the unformatted modules and the names in them."""
    service = build(source(text))
    named = names.name(service)
    return emit.texts(service, named)


def tokens(text):
    """Return the kinds of the modules' tokens; names and strings may differ, nothing may be more or less."""
    kinds = []
    for name, module in rendered(text).items():
        compile(module, name, "exec")
        if name == "fast.py":
            module = without_facts(module)  # noqa: PLW2901 - which names are not the rule depends on the text
        read = tokenize.generate_tokens(io.StringIO(module).readline)
        kinds.append([(token.type, token.string if token.type == tokenize.OP else "") for token in read])
    return kinds


def without_facts(module):
    """Return the text without the tables of facts, which must hold literals alone."""
    *_, fast = ast.parse(module).body
    for keyword in fast.value.args[1].keywords:
        assert isinstance(ast.literal_eval(keyword.value), dict | str)
    return module.replace(ast.get_source_segment(module, fast), "FAST = None")


HARMLESS = tokens("plain")


def is_harmless(text):
    return tokens(text) == HARMLESS


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(text=TEXTS)
@example(text="x")
def test_hostile_text_compiles_to_the_same_tokens(text):
    assert is_harmless(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_each_hostile_text_compiles_to_the_same_tokens(text):
    assert is_harmless(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_package_is_formatted_imported_and_used(text, tmp_path, monkeypatch):
    package = f"hostile_{next(NUMBER)}"
    monkeypatch.syspath_prepend(str(tmp_path))
    made = source(text, package)
    check.write(check.render(made), tmp_path / package, is_ours=True)
    module = importlib.import_module(package)
    named = names.name(build(made))
    request = getattr(module, named.classes[f"I{text}"])
    value = {f"A{text}": text, f"L{text}": f"V{text}"}
    assert module.json_converter.unstructure(module.json_converter.structure(value, request)) == value
    enum = getattr(module, named.classes[f"E{text}"])
    assert [member.value for member in enum] == [text, f"V{text}"]
    error = getattr(module, named.classes[f"X{text}"])()
    assert error.code == f"C{text}"
    # Neither way of converting minds the text, whether or not the fast one takes it.
    document, fast = json.dumps(value).encode(), importlib.import_module(f"{package}.fast").FAST
    response = getattr(module, named.classes[f"O{text}"])
    made = module.json_converter.structure(value, response)
    decoder = fast.decoder(response)
    assert (decoder is None) == bool(re.search(r'["\\\x00-\x1f\ud800-\udfff]', text))  # which msgspec does not take
    assert decoder is None or decoder(document) == made
    encoder = fast.encoder(response)
    assert encoder(made) == module.botocore_converter.unstructure(made)
    operations = importlib.import_module(f"{package}.operations")
    assert [operation.name for operation in operations.SERVICE.operations] == [f"OpZ{text}"]
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]


def shown(text):
    """Return how a docstring spells the text, without the white space at which it may be wrapped."""
    spelled = re.sub(r"\\.|`", lambda found: r"\x60" if found[0].endswith("`") else found[0], text, flags=re.DOTALL)
    printable = "".join(c if c.isascii() and c.isprintable() else c.encode("unicode_escape").decode() for c in spelled)
    return "".join(printable.split())


def strings(module):
    """Yield every string of a module; the descriptions of attributes are among them."""
    constants = (node.value for node in ast.walk(ast.parse(module)) if isinstance(node, ast.Constant))
    yield from (constant for constant in constants if isinstance(constant, str))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(text=TEXTS)
@example(text='\\"""')
@example(text="two  spaces\nand a line")
def test_docstrings_hold_the_text(text):
    modules = [module for name, module in rendered(text).items() if name.startswith("structures/")]
    found = "".join("".join(part for module in modules for part in strings(module)).split())
    assert f"Requestof`{shown(f'OpZ{text}')}`:theargumentsof`Client.op_z" in found
    assert f"`{shown(f'A{text}')}`onthewire" in found
    assert f"pattern`{shown(text)}`" in found
