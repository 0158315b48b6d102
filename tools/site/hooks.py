"""What MkDocs calls while it builds the site: pages that live outside `docs/`, and links to files that do.

Files of the repository are read in two places, on the code host and on the site. Links in them are relative, so that
they work on the code host; here they become links to pages of the site, or to the code host where the site has no such
page. A link to a file that does not exist fails the build.
"""

from __future__ import annotations

import logging
import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mkdocs.structure.files import File

from tools.site.api_documents import http_api, openapi_json, websocket_api, websocket_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT: Final = Path(__file__).parents[2]

COPIED: Final = {
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    **{
        f"packages/{path.parent.name}/README.md": f"packages/{path.parent.name}.md"
        for path in sorted(ROOT.glob("packages/*/README.md"))
    },
}
"""Pages that live elsewhere in the repository, and where the site shows them."""


def decisions() -> str:
    """Return the page that lists the decision records."""
    rows = [
        "# Decisions",
        "Why things are as they are: one page for each decision, in the order they were made.",
        "",
    ]
    for path in sorted((ROOT / "docs" / "decisions").glob("0*.md")):
        title = path.read_text("utf-8").partition("\n")[0].lstrip("# ")
        rows.append(f"- [{title}]({path.name})")
    return "\n".join(rows) + "\n"


GENERATED: Final[dict[str, Callable[[], str]]] = {
    "decisions/index.md": decisions,
    "reference/http.md": http_api,
    "reference/websocket.md": websocket_api,
    "reference/openapi.json": openapi_json,
    "reference/asyncapi.json": websocket_json,
}
"""Pages that are made from other files while the site is built."""

_LINK: Final = re.compile(r"(?<=\]\()(?!https?:|mailto:|#)([^)\s#]+)(#[^)\s]*)?(?=[)\s])")
_FENCE: Final = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)

_log: Final = logging.getLogger("mkdocs.hooks.site")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not in `docs/`."""
    for source, target in COPIED.items():
        files.append(File.generated(config, target, content=(ROOT / source).read_text("utf-8")))
    for target, render in GENERATED.items():
        files.append(File.generated(config, target, content=render()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links to files outside `docs/` into links that work on the site."""
    target = page.file.src_uri
    source = next((source for source, copy in COPIED.items() if copy == target), f"docs/{target}")
    if target in COPIED.values():
        page.edit_url = f"{config.repo_url}/edit/main/{source}"
    elif target in GENERATED:
        page.edit_url = None
        return markdown

    def replaced(match: re.Match[str]) -> str:
        path, anchor = match[1], match[2] or ""
        return _link(path, source, target, str(config.repo_url), files) + anchor

    # Code is left alone: brackets followed by parentheses are no links there.
    pieces, end = [], 0
    for fence in _FENCE.finditer(markdown):
        pieces += [_LINK.sub(replaced, markdown[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*pieces, _LINK.sub(replaced, markdown[end:])])


def _link(path: str, source: str, target: str, repository: str, files: Files) -> str:
    """Return where a link of the file `source` leads on the page `target`."""
    named = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
    inside = COPIED.get(named) or (named.removeprefix("docs/") if named.startswith("docs/") else None)
    if inside is not None and files.get_file_from_path(inside) is not None:
        return posixpath.relpath(inside, posixpath.dirname(target) or ".")
    if not (ROOT / named).exists():
        _log.warning("%s links to %s, which does not exist", source, named)
    kind = "tree" if (ROOT / named).is_dir() else "blob"
    return f"{repository}/{kind}/main/{named}"
