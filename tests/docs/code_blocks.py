#!/usr/bin/env python3
"""Makes one C++ file of the code blocks in doc comments and pages, so that a compiler reads them.

    code_blocks.py OUTPUT FILE...

A block of declarations gets a namespace of its own, one of statements a function. Its includes move
to the top; #line leads errors back to where the block stands. What the blocks speak about without
declaring it (`url`, `fetch`) is declared in code_blocks_context.hpp.
"""

import pathlib
import re
import sys

FENCE = re.compile(r"^\s*(?:///? ?)?```(\w*)\s*$")
COMMENT = re.compile(r"^\s*/// ?")
DECLARATIONS = re.compile(r"(template|struct|class|namespace)\b|vx11::(?:Task|Result)<[^=]*\) \{$", re.MULTILINE)


def blocks_of(path):
    """(number of the first line, lines) of every ```cpp block."""
    inside = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        fence = FENCE.match(line)
        if fence and inside is not None:
            if inside[0]:
                yield inside[1], inside[2]
            inside = None
        elif fence:
            inside = (fence[1] == "cpp", number + 1, [])
        elif inside is not None:
            inside[2].append(COMMENT.sub("", line) if path.suffix == ".hpp" else line)


def split_includes(lines):
    includes = [line for line in lines if line.startswith("#include")]
    return includes, ["" if line in includes else line for line in lines]


def header_of(path):
    parts = str(path).split("include/")
    return [f"#include <{parts[-1]}>"] if len(parts) > 1 else []


def as_code(name, path, first, lines):
    text = "\n".join(lines)
    declares = DECLARATIONS.match(text.lstrip())
    returns = "vx11::Task<void>" if "co_await" in text else "void"
    opening = f"namespace {name} {{" if declares else f"{returns} {name}() {{"
    return f'{opening}\n#line {first} "{path}"\n{text}\n}}\n'


def generated(paths):
    includes, bodies = set(), []
    for path in paths:
        for first, lines in blocks_of(path):
            wanted, body = split_includes(lines)
            includes.update(wanted, header_of(path))
            bodies.append(as_code(f"block_{len(bodies) + 1}", path, first, body))
    context = '#include "code_blocks_context.hpp"\n'
    return "\n".join([*sorted(includes), context, *bodies])


if __name__ == "__main__":
    output = pathlib.Path(sys.argv[1])
    output.write_text(generated([pathlib.Path(name) for name in sys.argv[2:]]), encoding="utf-8")
