"""Configuration of the documentation site: ``make docs`` builds it into build/docs."""

from __future__ import annotations

import gc
import logging
import re
import sys
from pathlib import Path

# Documents are trees of small objects beside libraries that stay loaded: frequent collections find little and take long
gc.set_threshold(100_000, 50, 100)

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "extensions"), str(HERE.parent)]

from sphinx.application import Sphinx  # noqa: E402

from hrsnn import __version__  # noqa: E402

project = "hrsnn"
author = "The hrsnn developers"
copyright = author
version = release = __version__
repository_url = "https://github.com/hrsnn/hrsnn"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "numpydoc",
    "sphinx_copybutton",
    "sphinx_design",
    "mathml",
    "public_names",
    "repository_links",
]
exclude_patterns = ["README.md", "search.md", "extensions", "gallery"]

# The gallery is there when its scripts are
has_gallery = (HERE / "gallery").is_dir()
if has_gallery:
    extensions.append("sphinx_gallery.gen_gallery")
    logging.getLogger("hrsnn").setLevel(logging.WARNING)  # the steps that a run announces are no output of a script
    sphinx_gallery_conf = {
        "examples_dirs": "gallery",
        "gallery_dirs": "auto_gallery",
        "filename_pattern": r"/plot_",
        "within_subsection_order": "FileNameSortKey",
        "doc_module": ("hrsnn",),
        "reference_url": {"hrsnn": None},
        "matplotlib_animations": False,
        "download_all_examples": False,
        "write_computation_times": False,
        "abort_on_example_error": True,
    }
else:
    exclude_patterns.append("auto_gallery")

# Pages
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "attrs_inline"]
myst_fence_as_directive = ["math"]
myst_heading_anchors = 4

# Docstrings. Types stand in the sections of parameters, so that signatures have names and defaults only
default_role = "literal"
add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"
numpydoc_show_class_members = False
python_maximum_signature_line_length = 88
python_use_unqualified_type_names = True
toc_object_entries_show_parents = "hide"
# those of a base class of another package refer to its pages
autodoc_inherit_docstrings = False
nitpicky = True

# The site
html_theme = "furo"
html_math_renderer = "mathml"
html_title = f"hrsnn {version}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {"source_repository": repository_url, "source_branch": "main", "source_directory": "docs/"}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


def without_gallery(app: Sphinx, page: str, source: list[str]) -> None:
    """Leave the gallery out of the start page where it is not built: its entry in the contents, and its card."""
    if page == "index" and not has_gallery:
        without_entry = source[0].replace("\nauto_gallery/index\n", "\n")
        source[0] = re.sub(r"^:::\{grid-item-card\} Tutorial\n.*?^:::\n", "", without_entry, flags=re.MULTILINE | re.DOTALL)


def setup(app: Sphinx) -> None:
    app.connect("source-read", without_gallery)
