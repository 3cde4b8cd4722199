#!/usr/bin/env python3
"""Checks that comments keep to 100 columns; clang-format wraps code, and leaves comments as they are.

    columns.py ROOT
"""

import pathlib
import re
import sys

MOST = 100
FOLDERS = ("src", "include", "examples", "tests", "bindings")
COMMENT = re.compile(r"^\s*//|///<|;\s+// ")


def too_long(path):
    """The numbers of the lines with a comment that ends behind the last column."""
    lines = path.read_text(encoding="utf-8").split("\n")
    return [number for number, line in enumerate(lines, 1) if len(line) > MOST and COMMENT.search(line)]


def main(root):
    files = [file for folder in FOLDERS for file in sorted((root / folder).rglob("*.[ch]pp"))]
    found = [f"{file.relative_to(root)}:{number}" for file in files for number in too_long(file)]
    for place in found:
        print(f"{place}: a comment of more than {MOST} columns; wrap it")
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
