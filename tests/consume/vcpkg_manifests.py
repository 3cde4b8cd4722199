"""Fails if a manifest of vcpkg is not formatted and ordered as `vcpkg format-manifest` does it, or if a port
holds a placeholder where a hash belongs.

    vcpkg_manifests.py ROOT
"""

import json
import pathlib
import re
import sys

FIELDS = (
    "$comment name version description homepage license supports dependencies default-features features"
).split()


def name_of(dependency):
    return dependency if isinstance(dependency, str) else dependency["name"]


def mistakes(path):
    text = path.read_text(encoding="utf-8")
    manifest = json.loads(text)
    if text != json.dumps(manifest, indent=2, ensure_ascii=False) + "\n":
        yield "is not formatted"
    unknown = [field for field in manifest if field not in FIELDS]
    if unknown or list(manifest) != [field for field in FIELDS if field in manifest]:
        yield f"has fields out of order, or unknown ones: {unknown}"
    for part in (manifest, *manifest.get("features", {}).values()):
        names = [name_of(dependency) for dependency in part.get("dependencies", [])]
        if names != sorted(names):
            yield f"has dependencies out of order: {names}"
    if list(manifest.get("features", {})) != sorted(manifest.get("features", {})):
        yield "has features out of order"
    if "core" in manifest.get("default-features", []):
        yield "names core as a default feature, which is always there"


def main(root):
    found = 0
    for path in sorted([root / "vcpkg.json", *root.glob("ports/*/vcpkg.json")]):
        for mistake in mistakes(path):
            print(f"{path}: {mistake}")
            found += 1
    for path in root.glob("ports/*/portfile.cmake"):
        if re.search(r"SHA512\s+0\b", path.read_text(encoding="utf-8")):
            print(f"{path}: has a placeholder for SHA512")
            found += 1
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
