// Changing token files, and what --expires takes.
#include "gateway/auth/token_edit.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "gateway/auth/token_command.hpp"
#include "scratch_folder.hpp"

using namespace gateway;
using namespace std::chrono_literals;
using vx11::Errc;
using vx11::TokenEntry;

namespace {

namespace fs = std::filesystem;

TokenChange adding(const std::string& name) {
  return [=](std::vector<TokenEntry>& entries) -> vx11::Result<void> {
    TokenEntry entry{.name = name, .scopes = vx11::Scopes::all()};
    entry.digest.front() = static_cast<unsigned char>(entries.size());
    entries.push_back(entry);
    return {};
  };
}

vx11::Result<void> add(const std::string& path, const std::string& name) {
  return edit_token_file(path, MissingFile::created, adding(name));
}

unsigned mode_of(const std::string& path) {
  struct stat found {};
  REQUIRE(::stat(path.c_str(), &found) == 0);
  return found.st_mode & 07777U;
}

std::size_t files_in(const ScratchFolder& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder.path()), {}));
}

}  // namespace

TEST_CASE("a new file is for its owner alone, and a changed one keeps its mode") {
  const ScratchFolder folder;
  const std::string path = folder / "tokens";
  REQUIRE(add(path, "a"));
  CHECK(mode_of(path) == 0600);
  fs::permissions(path, fs::perms(0640));
  REQUIRE(add(path, "b"));
  CHECK(mode_of(path) == 0640);
  CHECK(vx11::read_token_file(path).value().size() == 2);
  CHECK(files_in(folder) == 1);
}

TEST_CASE("a change that fails leaves the file as it is, and nothing beside it") {
  const ScratchFolder folder;
  const std::string path = folder / "tokens";
  REQUIRE(add(path, "a"));
  const auto before = fs::last_write_time(path);
  const auto failing = [](std::vector<TokenEntry>& entries) -> vx11::Result<void> {
    entries.clear();
    return vx11::fail(Errc::invalid_argument, "no");
  };
  CHECK(edit_token_file(path, MissingFile::created, failing).error().detail == "no");
  CHECK(fs::last_write_time(path) == before);
  CHECK(files_in(folder) == 1);
}

TEST_CASE("a file that cannot be used is not replaced") {
  const ScratchFolder folder;
  const std::string path = folder.write("tokens", "something else");
  fs::permissions(path, fs::perms(0600));
  CHECK(add(path, "a").error().code == Errc::invalid_argument);
  CHECK(fs::file_size(path) == 14);
}

TEST_CASE("a symbolic link stays one, and its target is changed") {
  const ScratchFolder folder;
  fs::create_directory(folder.path() / "real");
  const std::string target = folder / "real/tokens";
  REQUIRE(add(target, "a"));
  fs::create_symlink(target, folder.path() / "link");
  REQUIRE(add(folder / "link", "b"));
  CHECK(fs::is_symlink(folder.path() / "link"));
  CHECK(vx11::read_token_file(target).value().size() == 2);
}

TEST_CASE("a file that must exist is not made") {
  const ScratchFolder folder;
  const auto edited = edit_token_file(folder / "none", MissingFile::refused, adding("a"));
  CHECK(edited.error().code == Errc::storage);
  CHECK(add(folder / "no/folder/tokens", "a").error().code == Errc::storage);
  CHECK(files_in(folder) == 0);
}

TEST_CASE("a token is valid for days, or for a duration of the settings") {
  CHECK(parse_validity("90d").value() == 90 * 24h);
  CHECK(parse_validity("12h").value() == 12h);
  CHECK(parse_validity("1s").value() == 1s);
  CHECK(parse_validity("36500d").value() == 36'500 * 24h);
  for (const char* wrong :
       {"", "d", "0d", "90", "-1d", "1.5d", "36501d", "99999999999999999999d", "5ms", "4 d"}) {
    CAPTURE(wrong);
    CHECK(parse_validity(wrong).error().detail.find("such as 90d") != std::string::npos);
  }
}
