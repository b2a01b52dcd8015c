"""Every text for people is there in Traditional Chinese, and no sentence is put together from pieces."""

import ast
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from jinja2 import Environment, nodes

from script import translations
from tests.architecture.sources import ROOT, Source, portal_sources

pytestmark = pytest.mark.no_database

MARKS = {"_", "_l", "N_", "gettext", "lazy_gettext", "ngettext"}
TEMPLATES = sorted([*(ROOT / "templates").rglob("*.html"), *(ROOT / "templates").rglob("*.txt")])


@pytest.fixture(scope="module")
def kept() -> Catalog:
    """The catalogue that is in the repository."""
    return translations.catalogue()


def test_every_text_is_translated(kept: Catalog):
    assert translations.untranslated(kept) == []


def test_a_translation_fills_in_what_the_text_does(kept: Catalog):
    assert translations.other_placeholders(kept) == []


def test_no_translation_is_a_guess(kept: Catalog):
    assert [message.id for message in kept if message.id and message.fuzzy] == []


def test_the_catalogue_holds_no_text_that_is_gone(kept: Catalog):
    said = translations.texts()

    assert [message.id for message in kept if message.id and message.id not in said] == []


def test_the_compiled_catalogue_is_current(kept: Catalog):
    assert translations.is_compiled(kept)


@pytest.mark.parametrize("source", portal_sources(), ids=lambda source: source.name)
def test_a_marked_text_is_whole_in_python(source: Source):
    """What is joined, formatted or an f-string before it is marked is not found, or found in pieces."""
    pieced = [
        f"{source.place}:{node.lineno}"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") in MARKS
        and node.args
        and _is_pieced(node.args[0])
    ]

    assert not pieced


def _is_pieced(text: ast.expr) -> bool:
    return isinstance(text, ast.JoinedStr | ast.BinOp) or (
        isinstance(text, ast.Call) and getattr(text.func, "attr", "") in {"format", "join"}
    )


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_a_marked_text_is_whole_in_a_template(template: Path):
    tree = Environment(extensions=["jinja2.ext.i18n"], autoescape=True).parse(template.read_text())

    pieced = [
        f"line {call.lineno}"
        for call in tree.find_all(nodes.Call)
        if getattr(call.node, "name", "") in MARKS
        and call.args
        and isinstance(call.args[0], nodes.Concat | nodes.Add | nodes.Mod)
    ]

    assert not pieced


def test_updating_keeps_what_is_translated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(translations, "CATALOGUE", tmp_path / "zh" / "messages.po")
    monkeypatch.setattr(translations, "COMPILED", tmp_path / "zh" / "messages.mo")
    translations.update()
    file = translations.CATALOGUE
    file.write_text(file.read_text().replace('msgid "Owner"\nmsgstr ""', 'msgid "Owner"\nmsgstr "擁有者"'))

    translations.update()

    assert translations.catalogue().get("Owner").string == "擁有者"
    assert translations.is_compiled(translations.catalogue())
