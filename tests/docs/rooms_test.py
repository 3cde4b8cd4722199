#!/usr/bin/env python3
"""rooms.py passes on the tree as it is, and fails for each kind of mistake planted in a copy."""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]


class RoomsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="vx11-rooms-")
        self.addCleanup(folder.cleanup)
        self.copy = pathlib.Path(folder.name)
        for name in ("include", "src", "examples", "tests/docs", "docs/design"):
            shutil.copytree(REPOSITORY / name, self.copy / name, ignore=shutil.ignore_patterns("node_modules", "dist"))

    def append(self, name, text):
        path = self.copy / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(text)

    def check(self):
        return subprocess.run([sys.executable, HERE / "rooms.py", self.copy],
                              capture_output=True, text=True, check=False)

    def assert_fails(self, message):
        result = self.check()
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        self.assertIn(message, result.stdout)

    def test_the_tree_as_it_is_passes(self):
        result = self.check()
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_a_standard_header_is_found_behind_another_header(self):
        self.append("include/vx11/circuit_breaker/detail/fixed_array.hpp", "#include <thread>\n")
        self.assert_fails("include/vx11/circuit_breaker.hpp reaches <thread>")

    def test_a_room_is_found_behind_another_header(self):
        self.append("include/vx11/deadline.hpp", "#include <vx11/headers.hpp>\n")
        self.assert_fails("include/vx11/policy.hpp reaches room messages")

    def test_an_arrow_that_is_not_declared(self):
        self.append("src/json/text.hpp", '#include "threads/workers.hpp"\n')
        self.assert_fails("room json may not use threads: src/json/text.hpp includes")

    def test_a_circle(self):
        self.append("src/json/text.hpp", '#include "router/validate.hpp"\n')
        self.assert_fails("rooms in a circle: ")

    def test_a_circle_between_folders_of_a_program(self):
        self.append("examples/gateway/config/config.hpp", '#include "gateway/front.hpp"\n')
        self.assert_fails("rooms of gateway in a circle: ")

    def test_a_folder_of_a_program_without_a_purpose(self):
        self.append("examples/operator/attic/old.hpp", "#pragma once\n")
        self.assert_fails("room attic of operator")

    def test_a_gateway_that_stands_on_the_backend(self):
        self.append("examples/gateway/front.cpp", '#include "operator/parts/parts.hpp"\n')
        self.assert_fails("the gateway does not stand on the backend")

    def test_a_file_in_no_room(self):
        self.append("src/attic/old.hpp", "#pragma once\n")
        self.assert_fails("src/attic/old.hpp is in no room")

    def test_a_third_party_in_a_public_header(self):
        self.append("include/vx11/router.hpp", "#include <fmt/format.h>\n")
        self.assert_fails("include/vx11/router.hpp includes <fmt/format.h>")

    def test_an_internal_header_in_a_public_one(self):
        self.append("include/vx11/router.hpp", '#include "../../src/json/text.hpp"\n')
        self.assert_fails("include/vx11/router.hpp includes ")

    def test_a_program_that_includes_an_internal_header(self):
        self.append("examples/health.cpp", '#include "json/text.hpp"\n')
        self.assert_fails("examples/health.cpp includes ")

    def test_a_clock_that_is_read_elsewhere(self):
        self.append("src/json/text.cpp", "// std::chrono::steady_clock::now()\n")
        self.assert_fails("reads a clock")

    def test_a_co_await_in_a_condition(self):
        self.append("src/json/text.cpp", "// if (co_await (f(g(1)))) co_return;\n")
        self.assert_fails("co_await in a condition")

    def test_a_page_that_is_out_of_date(self):
        self.append("docs/design/rooms.md", "by hand\n")
        self.assert_fails("docs/design/rooms.md is not what the includes say")


if __name__ == "__main__":
    unittest.main()
