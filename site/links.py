"""Links of the documentation to files of the repository that are not part of the site lead to the repository."""

import os
import posixpath
import re

LINK = re.compile(r"(\]\()(\.\./[^)\s#]+)(#[^)\s]*)?(\))")
ROOT = os.path.normpath(os.path.join(os.path.dirname(__file__), ".."))


def on_page_markdown(markdown, page, config, files):
    folder = posixpath.dirname(page.file.src_uri)

    def outside(match):
        path = posixpath.normpath(posixpath.join("docs", folder, match[2]))
        if path.startswith("docs/"):
            return match[0]
        if not os.path.exists(os.path.join(ROOT, path)):
            raise ValueError(f"docs/{page.file.src_uri}: there is no {path}")
        kind = "tree" if os.path.isdir(os.path.join(ROOT, path)) else "blob"
        repository = config.repo_url.rstrip("/")
        return f"{match[1]}{repository}/{kind}/main/{path}{match[3] or ''}{match[4]}"

    return LINK.sub(outside, markdown)
