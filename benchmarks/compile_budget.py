#!/usr/bin/env python3
"""Fails if the compile time of a public header exceeds its budget.

    compile_budget.py [-n RUNS]

The budget is in seconds over an empty file: 0.45 s for <vx11/circuit_breaker.hpp>, 1.2 s for
<vx11/vx11.hpp>. Seconds depend on the machine, so times are relative to a yardstick of similar work:
some standard library headers, compiled in the same run. On the reference machine the yardstick takes
YARDSTICK_SECONDS; on any machine a header may take its budget divided by that, in yardsticks. Runs
are interleaved and measured in processor time, so that other programs on the machine slow all of
them alike; medians are compared. A header over its budget is measured twice more and fails only if
it is over each time.

A second measure is exact: the number of preprocessed lines. It is printed to show growth within the
budget.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

COMPILER = os.environ.get("CXX", "g++")
FLAGS = ["-std=c++20", "-O2", "-I" + str(pathlib.Path(__file__).resolve().parents[1] / "include")]

YARDSTICK = ["chrono", "functional", "memory", "mutex", "optional", "string", "vector"]
YARDSTICK_SECONDS = 0.45
BUDGETS = {"vx11/circuit_breaker.hpp": 0.45, "vx11/vx11.hpp": 1.2}
UNITS = {"nothing": [], "yardstick": YARDSTICK, **{header: [header] for header in BUDGETS}}


def compiled(source):
    """Processor seconds of one compilation."""
    process = subprocess.Popen([COMPILER, *FLAGS, "-c", source, "-o", os.devnull])
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{source} does not compile")
    return usage.ru_utime + usage.ru_stime


def preprocessed_lines(source):
    text = subprocess.run([COMPILER, *FLAGS, "-E", "-P", source], capture_output=True, check=True).stdout
    return text.count(b"\n")


def measure(runs):
    """For each unit: median processor seconds over an empty one, and preprocessed lines."""
    with tempfile.TemporaryDirectory(prefix="vx11-budget-") as folder:
        sources = {}
        for number, (name, headers) in enumerate(UNITS.items()):
            sources[name] = os.path.join(folder, f"{number}.cpp")
            text = "".join(f"#include <{header}>\n" for header in headers)
            pathlib.Path(sources[name]).write_text(text + "int main() {}\n", encoding="utf-8")
        times = {name: [] for name in UNITS}
        for _ in range(runs):
            for name, source in sources.items():
                times[name].append(compiled(source))
        empty = statistics.median(times["nothing"])
        return {name: (statistics.median(times[name]) - empty, preprocessed_lines(source))
                for name, source in sources.items()}


def late_headers(measured):
    """The units over their budget; prints all units."""
    yardstick, lines = measured["yardstick"]
    print(f"yardstick: {yardstick:.2f} s here, {YARDSTICK_SECONDS:.2f} s on the machine of the budget; "
          f"{lines} lines")
    for header, budget in BUDGETS.items():
        seconds, lines = measured[header]
        share, allowed = seconds / yardstick, budget / YARDSTICK_SECONDS
        print(f"<{header}>: {seconds:.2f} s here, {share:.2f} yardsticks of {allowed:.2f} allowed; "
              f"{lines} lines", flush=True)
        if share > allowed:
            yield header


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=9, help="runs of each; 9 by default")
    runs = parser.parse_args().n
    late = set(BUDGETS)
    for _ in range(3):
        late &= set(late_headers(measure(runs)))
        if not late:
            print("within the compile budget")
            return
    sys.exit(f"over the compile budget: {', '.join(sorted(late))}")


if __name__ == "__main__":
    main()
