#!/usr/bin/env python3
"""Checks that the code blocks of a page that quote files are those files, byte for byte.

    quoted_files.py ROOT PAGE...
    quoted_files.py --write ROOT PAGE...       replaces the blocks by the files

A block quotes a file if the line before it is a comment with the file's path: <!-- docs/proxies/nginx.conf -->
"""

import pathlib
import re
import sys

QUOTE = re.compile(r"(<!-- (?P<path>[\w./-]+) -->\n```\w*\n)(?P<text>.*?)(?=^```$)", re.DOTALL | re.MULTILINE)


def quoted(root, page):
    """The page with every quoting block made anew, and the paths of blocks that differed."""
    differing = []

    def fresh(match):
        text = (root / match["path"]).read_text(encoding="utf-8")
        if text != match["text"]:
            differing.append(match["path"])
        return match[1] + text

    text = page.read_text(encoding="utf-8")
    if not QUOTE.search(text):
        sys.exit(f"{page} quotes no file")
    return QUOTE.sub(fresh, text), differing


def main(arguments):
    write = arguments[0] == "--write"
    root, *pages = map(pathlib.Path, arguments[1:] if write else arguments)
    failed = False
    for page in pages:
        text, differing = quoted(root, page)
        if write:
            page.write_text(text, encoding="utf-8")
        elif differing:
            failed = True
            print(f"{page} differs from {', '.join(differing)}; run {sys.argv[0]} --write {root} {page}")
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
