"""The portal's modules as syntax trees: what they import, without running them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PORTAL = ROOT / "portal"


@dataclass(frozen=True)
class Source:
    """One module: `name` as it is imported (`portal.keys.store`), and where it stands."""

    name: str
    path: Path

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(), filename=str(self.path))

    @property
    def place(self) -> str:
        """Its path from the top of the checkout."""
        return str(self.path.relative_to(ROOT))

    def imports(self) -> Iterator[tuple[str, int]]:
        """Each module or name that it imports, wherever in the file, with the line: `portal.keys.store`, 12."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                origin = self._absolute(node)
                yield from ((f"{origin}.{alias.name}", node.lineno) for alias in node.names)

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = self.name.split(".")
        if self.path.name != "__init__.py":
            package = package[:-1]
        above = package[: len(package) - node.level + 1]
        return ".".join([*above, *([node.module] if node.module else [])])


@cache
def portal_sources() -> list[Source]:
    """Every module below portal/."""
    return [_source(path) for path in sorted(PORTAL.rglob("*.py"))]


def _source(path: Path) -> Source:
    words = path.relative_to(ROOT).with_suffix("").parts
    return Source(".".join(words[:-1] if words[-1] == "__init__" else words), path)
