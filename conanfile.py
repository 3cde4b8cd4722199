"""Conan 2 recipe. Its options are those of the build: VX11_NET is `net`, and so on."""

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rmdir

import os
import re

required_conan_version = ">=2.0"

ROOMS = ("net", "sqlite", "redis", "websocket", "httplib")


class Vx11Recipe(ConanFile):
    name = "vx11"
    license = "MIT"
    url = homepage = "https://github.com/vx11/libvx11"
    description = "Resilience and gateway library for C++20"
    topics = ("circuit-breaker", "gateway", "resilience", "http")
    package_type = "library"
    settings = "os", "compiler", "build_type", "arch"
    options = {"shared": [True, False], "fPIC": [True, False]} | {room: [True, False] for room in ROOMS}
    options["asio"] = [None, True, False]  # deprecated: the old name of net
    default_options = {"shared": False, "fPIC": True, "asio": None} | {room: True for room in ROOMS}
    exports_sources = "CMakeLists.txt", "cmake/*", "include/*", "src/*", "LICENSE"
    implements = ["auto_shared_fpic"]

    def set_version(self):
        header = load(self, os.path.join(self.recipe_folder, "include/vx11/version.hpp"))
        self.version = re.search(r'VX11_VERSION_STRING "([^"]+)"', header).group(1)

    def configure(self):
        if self.options.shared:
            self.options.rm_safe("fPIC")
        if str(self.options.asio) != "None":
            self.output.warning("the option asio is deprecated and goes with the next minor version: set net")
            self.options.net = str(self.options.asio)
        self.options.rm_safe("asio")

    def validate(self):
        check_min_cppstd(self, 20)
        if self.options.redis and not self.options.net:
            raise ConanInvalidConfiguration("the option redis needs net: set net, or unset redis")
        if self.options.websocket and not self.options.net:
            raise ConanInvalidConfiguration("the option websocket needs net: set net, or unset websocket")

    def layout(self):
        cmake_layout(self)

    def requirements(self):
        self.requires("tl-expected/[>=1.0 <2]", transitive_headers=True)
        self.requires("fmt/[>=9]")
        self.requires("openssl/[>=3 <4]")
        self.requires("nlohmann_json/[>=3.11 <4]", visible=False)
        if self.options.sqlite:
            self.requires("sqlite3/[>=3.40 <4]")
        if self.options.redis:
            self.requires("hiredis/[>=0.14 <2]")
        if self.options.websocket:
            self.requires("wslay/[>=1.1 <2]")
        if self.options.httplib:
            self.requires("cpp-httplib/[>=0.11.4 <1]", transitive_headers=True,
                          options={"with_openssl": True})

    def generate(self):
        toolchain = CMakeToolchain(self)
        for room in ROOMS:
            toolchain.cache_variables[f"VX11_{room.upper()}"] = bool(self.options.get_safe(room))
        for part in ("BUILD_TESTS", "BUILD_EXAMPLES", "C", "PYTHON_PACKAGE", "NODE_PACKAGE"):
            toolchain.cache_variables[f"VX11_{part}"] = False
        toolchain.cache_variables["VX11_WARNINGS_AS_ERRORS"] = False
        toolchain.generate()
        CMakeDeps(self).generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        CMake(self).install()
        rmdir(self, os.path.join(self.package_folder, "lib", "cmake"))
        rmdir(self, os.path.join(self.package_folder, "lib", "pkgconfig"))
        rmdir(self, os.path.join(self.package_folder, "share"))

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "vx11")
        self._room("core", requires=["tl-expected::tl-expected"])
        self.cpp_info.components["core"].system_libs = ["pthread"]
        self._room("vx11", library="vx11", requires=["core", "fmt::fmt", "openssl::ssl", "openssl::crypto"])
        if self.options.net:
            self._room("net", library="vx11_net", requires=["vx11"])
            self._room("asio", requires=["net"])  # deprecated, removed with the next minor version
        if self.options.sqlite:
            self._room("sqlite", library="vx11_sqlite", requires=["vx11", "sqlite3::sqlite3"])
        if self.options.redis:
            self._room("redis", library="vx11_redis", requires=["net", "hiredis::hiredis", "openssl::crypto"])
        if self.options.websocket:
            self._room("websocket", library="vx11_websocket",
                       requires=["net", "wslay::wslay", "fmt::fmt", "openssl::crypto"])
        if self.options.httplib:
            self._room("httplib", requires=["vx11", "cpp-httplib::cpp-httplib"])

    def _room(self, name, requires, library=None):
        component = self.cpp_info.components[name]
        component.set_property("cmake_target_name", f"vx11::{name}")
        component.requires = requires
        component.libs = [library] if library else []
        if not self.options.shared:
            component.defines = ["VX11_STATIC_DEFINE"]
