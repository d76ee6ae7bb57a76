"""The directive ``public``: the names of a package with a table of their summaries, then each in full.

A page of the reference says which names it has, a package and its names::

    ```{public} hrsnn.analysis
    memory_capacity
    MemoryCapacity
    ```

What a name is (a function, a class, an exception, a value) is found by importing it. The same blocks are read without
Sphinx by tests/project/test_reference.py.
"""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("hrsnn", "networks", "analysis", "scripts")


def kind_of(value: Any) -> str:
    """Return the kind of the directive for a public value."""
    if inspect.isclass(value):
        return "exception" if issubclass(value, BaseException) else "class"
    return "function" if inspect.isroutine(value) else "data"


def comment_on(name: str, value: Any) -> str:
    """Return the comment before a value, in the module that defines it: a value has no docstring of its own."""
    for module in [key for key in sys.modules if key.partition(".")[0] == "hrsnn"]:
        if vars(sys.modules[module]).get(name) is value:
            comments = ModuleAnalyzer.for_module(module).find_attr_docs()
            if ("", name) in comments:
                return " ".join(comments["", name]).strip()
    raise ExtensionError(f"{name} has no comment #: where it is defined")


class Public(SphinxDirective):
    """Document the names in the content, all of the package in the argument."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        package, names = self.arguments[0], [line.strip() for line in self.content if line.strip()]
        module = importlib.import_module(package)
        table = [".. list-table::", "   :class: names", "   :widths: auto", ""]
        entries = []
        for name in names:
            value = getattr(module, name)
            kind = kind_of(value)
            text = comment_on(name, value) if kind == "data" else inspect.getdoc(value) or ""
            summary = " ".join(text.partition("\n\n")[0].split())
            table += [f"   * - :py:obj:`~{package}.{name}`", f"     - {summary}"]
            if kind == "data":
                entries += ["", f".. py:data:: {name}", f"   :module: {package}", "", f"   {text}"]
            else:
                entries += ["", f".. auto{kind}:: {package}.{name}"]
                entries += [] if kind == "function" else ["   :members:"]
        lines = ["```{eval-rst}", f".. py:currentmodule:: {package}", "", *table, *entries, "```"]
        parsed = self.parse_text_to_nodes("\n".join(lines))
        for signature in (one for part in parsed for one in part.findall(addnodes.desc_signature)):
            self.add_anchors(signature, getattr(module, signature["fullname"].partition(".")[0]))
        return parsed

    def add_anchors(self, signature: addnodes.desc_signature, value: Any) -> None:
        """Let an entry be linked by the module that defines it and by the packages above, as pages of sources do."""
        module = value.__module__ if kind_of(value) != "data" else ""
        while module.startswith("hrsnn"):
            anchor = f"{module}.{signature['fullname']}"
            if anchor not in signature["ids"] and anchor not in self.state.document.ids:
                signature["ids"].append(anchor)
                self.state.document.ids[anchor] = signature
            module = module.rpartition(".")[0]


@functools.cache
def names_defined() -> set[str]:
    """Return every name that a module or class of the package defines, and the names of the modules."""
    defined = set()
    for path in (path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")):
        defined.add(path.parent.name if path.stem == "__init__" else path.stem)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                defined.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                defined.add(node.id)
    return defined


def resolve(app: Sphinx, env: BuildEnvironment, node: Any, content: nodes.TextElement) -> nodes.Node | None:
    """Resolve a reference by the module that defines a name, or by its last part; other names of the package are plain.

    A name that nothing in the package defines stays unresolved, which is a warning of a nitpicky build.
    """
    if node.get("refdomain") != "py":
        return None
    target, objects = node["reftarget"].lstrip("."), env.domains["py"].objects  # type: ignore[attr-defined]
    owner, _, last = target.rpartition(".")
    # `Space.of` is not the `of` of another class
    in_class = owner.rpartition(".")[2] if owner.rpartition(".")[2][:1].isupper() else ""
    named = [full for full in objects if full.rpartition(".")[2] == last]
    found = [full for full in named if full.split(".")[-2] == in_class] if in_class else named
    if len(found) == 1 and (in_class or node["reftype"] != "meth"):
        entry = objects[found[0]]
        return make_refnode(app.builder, node["refdoc"], entry.docname, entry.node_id, content, found[0])
    return content if last in names_defined() else None


def skip(app: Sphinx, what: str, name: str, value: Any, skipped: bool, options: Any) -> bool | None:
    """Leave out what scikit-learn adds to estimators: requests for metadata."""
    return True if name.startswith("set_") and name.endswith("_request") else None


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("public", Public)
    app.connect("missing-reference", resolve)
    app.connect("autodoc-skip-member", skip)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
