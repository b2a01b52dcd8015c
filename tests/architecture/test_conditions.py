"""Conditions of statements are SQL. Python's `and`, `or` and `not` pick one operand, and the other is silently lost."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.sources import Source, portal_sources

pytestmark = pytest.mark.no_database

TAKE_CONDITIONS = {"where", "filter", "having", "with_only_columns", "join", "outerjoin", "and_", "or_", "not_"}
# These answer with conditions that others put into their statements.
ANSWER_CONDITIONS = {"within"}


def conditions_in(tree: ast.Module) -> Iterator[ast.expr]:
    """Every expression that becomes a condition of a statement."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in TAKE_CONDITIONS:
            yield from [*node.args, *(keyword.value for keyword in node.keywords)]
        elif isinstance(node, ast.FunctionDef) and node.name in ANSWER_CONDITIONS:
            yield from (part.value for part in ast.walk(node) if isinstance(part, ast.Return) and part.value)
            yield from (one for part in ast.walk(node) if _is_append(part) for one in part.args)


def _is_append(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _name(node.func) == "append"


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def python_logic(condition: ast.expr) -> Iterator[ast.expr]:
    """Each `and`, `or` and `not` in an expression, except where Python chooses among whole conditions."""
    if isinstance(condition, ast.BoolOp) or (isinstance(condition, ast.UnaryOp) and isinstance(condition.op, ast.Not)):
        yield condition
    for child in ast.iter_child_nodes(condition):
        if isinstance(condition, ast.IfExp) and child is condition.test:
            continue
        if isinstance(child, ast.comprehension):
            yield from python_logic(child.iter)
        elif isinstance(child, ast.expr):
            yield from python_logic(child)


def found_in(tree: ast.Module) -> list[int]:
    return [found.lineno for condition in conditions_in(tree) for found in python_logic(condition)]


@pytest.mark.parametrize("source", portal_sources(), ids=lambda source: source.name)
def test_no_statement_has_a_python_condition(source: Source):
    assert not [f"{source.place}:{line}" for line in found_in(source.tree)]


@pytest.mark.parametrize(
    "statement",
    [
        "select(Key).where(Key.a == 1 and Key.b == 2)",
        "select(Key).where(not Key.a)",
        "select(Key).where(or_(Key.a, Key.b or Key.c))",
        "rows.having(func.count() > 1 or True)",
        "def within(cls, reach):\n    return [cls.a or cls.b]",
        "def within(cls, reach):\n    found.append(not cls.a)",
    ],
)
def test_the_search_finds_python_logic(statement: str):
    assert found_in(ast.parse(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "select(Key).where(Key.a == 1, ~Key.b)",
        "select(Key).where(Key.a if x and y else Key.b)",
        "select(Key).where(Key.a.in_([one for one in all if one and two]))",
        "def within(cls, reach):\n    return [] if x or y else [cls.a]",
    ],
)
def test_the_search_lets_sql_pass(statement: str):
    assert not found_in(ast.parse(statement))
