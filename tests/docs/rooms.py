#!/usr/bin/env python3
"""The rooms of the code and the direction between them, read off the includes.

    rooms.py [--write] [REPOSITORY]

Compares every include of include/, src/ and examples/ with what rooms.toml declares, follows them
through all headers for the rules there, looks for circles between the folders of the programs, and compares docs/design/rooms.md with what it generates;
--write writes that page. Exit code 1 if anything differs.
"""

import argparse
import fnmatch
import pathlib
import re
import sys
import tomllib

PAGE = "docs/design/rooms.md"
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
# A condition may hold parentheses, two deep.
INSIDE = r"(?:[^()]|\((?:[^()]|\([^()]*\))*\))*"
# Where clocks may be read: the seam, and what cannot afford it: the second of the Date field, and the kernel's coarse
# clock of a timer.
CLOCKS = {"include/vx11/clock.hpp", "src/net/http/response_text.cpp", "src/net/loop/timer_wheel.cpp"}
CLOCK_READ = re.compile(r"(?:system|steady|high_resolution)_clock::now\(|clock_gettime\(|gettimeofday\(|\btime\(nullptr\)")
AWAIT_IN_CONDITION = re.compile(rf"\b(?:if|while|for|switch) *\({INSIDE}co_await")


# Those whose files are in rooms, too, a folder each.
PROGRAMS = ("gateway", "operator")


def program_of(name):
    """The program that the file is a part of, or none."""
    parts = name.split("/")
    return parts[1] if parts[0] == "examples" and parts[1] in PROGRAMS else None


class Tree:
    """The files below include/, src/ and examples/ with what each includes."""

    def __init__(self, root):
        self.root = root
        self.texts = {
            str(path.relative_to(root)): path.read_text(encoding="utf-8")
            for folder in ("include", "src", "examples")
            for path in sorted((root / folder).rglob("*.?pp"))
        }
        self.includes = {name: list(self._read(name)) for name in self.texts}

    def _read(self, name):
        """(target, is a file of this repository) for each include of `name`."""
        own = "src/" if name.startswith("src/") else str(pathlib.PurePath(name).parent) + "/"
        if program_of(name):
            own = "examples/"
        for bracket, header in INCLUDE.findall(self.texts[name]):
            if bracket == '"':
                yield own + header, True
            elif header.startswith("vx11/"):
                yield "include/" + header, True
            else:
                yield header, False

    def library(self):
        return [name for name in self.texts if not name.startswith("examples/")]

    def paths_from(self, start, skipped=frozenset()):
        """What the includes of `start` lead to, each with a shortest way there."""
        ways, queue = {start: [start]}, [start]
        for name in queue:
            for target, _ in self.includes.get(name, ()):
                if target not in ways and (name, target) not in skipped:
                    ways[target] = ways[name] + [target]
                    queue.append(target)
        return ways


class Rooms:
    """What rooms.toml declares."""

    def __init__(self, declaration, tree):
        self.rooms = declaration["rooms"]
        self.rules = declaration["rules"]
        self.tree = tree
        self.room_of = {name: self._find(name) for name in tree.library()}
        self.programs = {program: Program(program, declaration["programs"][program], tree) for program in PROGRAMS}

    def _find(self, name):
        """The room with the longest pattern that matches."""
        matches = [
            (len(pattern), room)
            for room, declared in self.rooms.items()
            for pattern in declared["files"]
            if fnmatch.fnmatchcase(name, pattern)
        ]
        return max(matches)[1] if matches else None

    def files_of(self, room):
        return [name for name, of in self.room_of.items() if of == room]

    def matching(self, entry):
        """The files of an entry of a rule: "room NAME" or a pattern."""
        if entry.startswith("room "):
            return self.files_of(entry.removeprefix("room "))
        return fnmatch.filter(self.room_of, entry)

    def arrows(self):
        """(room, room) -> an include that makes it."""
        found = {}
        for name, room in self.room_of.items():
            for target, own in self.tree.includes[name]:
                other = self.room_of.get(target)
                if own and room and other and room != other:
                    found.setdefault((room, other), f"{name} includes {target}")
        return found


class Program:
    """The rooms of a program: its folders, and above them the files of its own folder."""

    def __init__(self, name, purposes, tree):
        self.name = name
        self.purposes = purposes
        self.tree = tree
        self.room_of = {file: self._room(file) for file in tree.texts if program_of(file) == name}

    def _room(self, file):
        """The folder of the file; for files of the program's own folder the program."""
        parts = file.split("/")
        return parts[2] if len(parts) > 3 else self.name

    def arrows(self):
        """(room, room) -> an include that makes it."""
        found = {}
        for file, room in self.room_of.items():
            for target, _ in self.tree.includes[file]:
                other = self.room_of.get(target)
                if other and other != room:
                    found.setdefault((room, other), f"{file} includes {target}")
        return found


def check_programs(rooms):
    for program in rooms.programs.values():
        folders = set(program.room_of.values())
        for room in sorted(folders ^ set(program.purposes)):
            yield f"room {room} of {program.name}: name each folder, and no other, in tests/docs/rooms.toml"
        circle = find_circle(program.arrows())
        if circle:
            yield f"rooms of {program.name} in a circle: " + " -> ".join(circle)
    for file in rooms.programs["gateway"].room_of:
        for target, _ in rooms.tree.includes[file]:
            if program_of(target) == "operator":
                yield f"{file} includes {target}: the gateway does not stand on the backend"


def check_listed(rooms):
    for name, room in rooms.room_of.items():
        if room is None:
            yield f"{name} is in no room: add it to tests/docs/rooms.toml"
    for room in rooms.rooms:
        if not rooms.files_of(room):
            yield f"room {room} has no files"


def check_resolved(rooms):
    for name, includes in rooms.tree.includes.items():
        for target, own in includes:
            if own and target not in rooms.tree.texts:
                yield f"{name} includes {target}, which does not exist"
            elif own and not name.startswith("src/") and target.startswith("src/"):
                yield f"{name} includes {target}, which is internal"


def check_arrows(rooms):
    found = rooms.arrows()
    for (room, other), example in found.items():
        if other not in rooms.rooms[room]["uses"]:
            yield f"room {room} may not use {other}: {example}"
    for room, declared in rooms.rooms.items():
        for other in declared["uses"]:
            if (room, other) not in found:
                yield f"room {room} no longer uses {other}: remove it from its list"


def find_circle(arrows):
    """Rooms that use each other in a circle, or none."""
    using = {}
    for room, other in arrows:
        using.setdefault(room, []).append(other)
    done = set()

    def visit(room, way):
        if room in way:
            return way[way.index(room):] + [room]
        if room in done:
            return None
        done.add(room)
        circles = (visit(other, way + [room]) for other in using.get(room, ()))
        return next(filter(None, circles), None)

    return next(filter(None, (visit(room, []) for room in list(using))), None)


def check_circles(rooms):
    arrows = rooms.arrows()
    circle = find_circle(arrows)
    if circle:
        yield "rooms in a circle: " + " -> ".join(circle) + "".join(
            f"\n    {arrows[pair]}" for pair in zip(circle, circle[1:]))


def is_standard(header):
    return re.fullmatch(r"[a-z_0-9]+", header) is not None


def check_external(rooms):
    """Third parties and the operating system, where they are declared and nowhere else."""
    used = set()
    for name, room in rooms.room_of.items():
        key = "public_external" if name.startswith("include/") else "external"
        declared = rooms.rooms.get(room, {}).get(key, [])
        for header, own in rooms.tree.includes[name]:
            if own or is_standard(header):
                continue
            allowed = [prefix for prefix in declared if header.startswith(prefix)]
            used.update((room, key, prefix) for prefix in allowed)
            if not allowed:
                yield f"{name} includes <{header}>, which {key} of room {room} does not list"
    for room, declared in rooms.rooms.items():
        for key in ("external", "public_external"):
            for prefix in declared.get(key, []):
                if (room, key, prefix) not in used:
                    yield f"room {room} no longer includes {prefix}: remove it from {key}"


def exceptions_of(rule):
    for text in rule.get("except", []):
        name, header = text.split(":")[0].split(" ")
        yield name, header.strip("<>")


def reaches(rooms, target, forbidden):
    if forbidden.startswith("room "):
        return rooms.room_of.get(target) == forbidden.removeprefix("room ")
    return target == forbidden.strip("<>")


def check_rules(rooms):
    for rule in rooms.rules:
        skipped = frozenset(exceptions_of(rule))
        for entry in rule["files"]:
            files = rooms.matching(entry)
            if not files:
                yield f"rule '{rule['name']}': no file matches {entry}"
            for name in files:
                for target, way in rooms.tree.paths_from(name, skipped).items():
                    for forbidden in rule["never"]:
                        if reaches(rooms, target, forbidden):
                            yield (f"{rule['name']}: {name} reaches {forbidden}:\n    "
                                   + " -> ".join(way))


def check_awaits(rooms):
    """g++ 12 miscompiles these: docs/design/task.md."""
    for name, text in rooms.tree.texts.items():
        for match in AWAIT_IN_CONDITION.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield f"{name}:{line}: co_await in a condition: name its result first"


def check_clocks(rooms):
    for name, text in rooms.tree.texts.items():
        if name in CLOCKS or name.startswith("examples/upstream/"):  # which uses nothing of the library
            continue
        for match in CLOCK_READ.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield f"{name}:{line}: reads a clock: take a SteadyClock or WallClock of vx11/clock.hpp"


def check_page(rooms):
    page = rooms.tree.root / PAGE
    if not page.exists() or page.read_text(encoding="utf-8") != generated_page(rooms):
        yield f"{PAGE} is not what the includes say: run tests/docs/rooms.py --write"


CHECKS = {
    "every file is in a room": check_listed,
    "every include leads to a file that may be included": check_resolved,
    "rooms use what they declare": check_arrows,
    "no rooms in a circle": check_circles,
    "the rooms of the programs": check_programs,
    "third parties where they are declared": check_external,
    "the rules hold through all headers": check_rules,
    "no co_await in a condition": check_awaits,
    "time is read in one place": check_clocks,
    "the page is up to date": check_page,
}


def reachable(arrows, start):
    found, queue = set(), [start]
    for room in queue:
        for one, other in arrows:
            if one == room and other not in found:
                found.add(other)
                queue.append(other)
    return found


def without_shortcuts(arrows):
    """The arrows that no longer way replaces."""
    for room, other in arrows:
        middles = [middle for one, middle in arrows if one == room and middle != other]
        if not any(other in reachable(arrows, middle) for middle in middles):
            yield room, other


def levels(rooms, arrows):
    """For each room the length of the longest way down from it."""
    def level(room):
        return max((level(other) + 1 for one, other in arrows if one == room), default=0)
    return {room: level(room) for room in rooms}


def node(room):
    return room.replace("/", "_")


def graph(arrows, rooms):
    nodes = [f'  {node(room)}["{room}"]' for room in rooms]
    edges = [f"  {node(room)} --> {node(other)}" for room, other in sorted(without_shortcuts(arrows))]
    return ["```mermaid", "graph TD", *nodes, *edges, "```"]


def code(words):
    return " ".join(f"`{word}`" for word in words)


def table(rooms):
    yield "| room | what for | files | uses | third parties and system |"
    yield "|---|---|---|---|---|"
    for room, declared in rooms.rooms.items():
        external = declared.get("public_external", []) + declared.get("external", [])
        files = [name.removeprefix("include/") for name in declared["files"]]
        yield (f"| **{room}** | {declared['purpose']} | {code(files)} "
               f"| {', '.join(declared['uses'])} | {code(external)} |")


def program_pages(rooms):
    for program in rooms.programs.values():
        arrows = list(program.arrows())
        yield ""
        yield f"## examples/{program.name}"
        yield ""
        yield from graph(arrows, program.purposes)
        yield ""
        yield "| folder | what for | uses |"
        yield "|---|---|---|"
        for room, purpose in program.purposes.items():
            uses = sorted(other for one, other in arrows if one == room)
            yield f"| **{room}** | {purpose} | {', '.join(uses)} |"


def rules_table(rooms):
    yield "| rule | holds for | which never reach |"
    yield "|---|---|---|"
    for rule in rooms.rules:
        files = [name.removeprefix("include/vx11/") for name in rule["files"]]
        yield f"| {rule['name']} | {code(files)} | {code(rule['never'])} |"


def generated_page(rooms):
    arrows = list(rooms.arrows())
    if find_circle(arrows):
        return ""
    height = max(levels(rooms.rooms, arrows).values()) + 1
    return "\n".join([
        "<!-- Generated by `tests/docs/rooms.py --write` from tests/docs/rooms.toml and the includes;"
        " do not edit. -->",
        "# The rooms of the code",
        "",
        f"{len(rooms.rooms)} rooms on {height} levels, {len(arrows)} arrows, no circle. An arrow points to"
        " the room that is used.",
        "Where a longer way leads to the same room, the graph leaves the arrow out; the table has all.",
        "",
        *graph(arrows, rooms.rooms),
        "",
        *table(rooms),
        "",
        "Includes are followed through every header for these:",
        "",
        *rules_table(rooms),
        *program_pages(rooms),
    ]) + "\n"


def run(root, write):
    declaration = tomllib.loads((root / "tests/docs/rooms.toml").read_text(encoding="utf-8"))
    rooms = Rooms(declaration, Tree(root))
    if write:
        (root / PAGE).write_text(generated_page(rooms), encoding="utf-8")
    failed = 0
    for name, check in CHECKS.items():
        mistakes = list(check(rooms))
        failed += bool(mistakes)
        print(("FAIL " if mistakes else "ok   ") + name)
        for mistake in mistakes:
            print("  " + mistake)
    print(f"{len(CHECKS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("repository", nargs="?", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parents[2])
    arguments = parser.parse_args()
    sys.exit(run(arguments.repository, arguments.write))
