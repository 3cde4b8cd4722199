// The files of a store: who may read them, what is left in them, and what survives a power cut.
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "power_cut_vfs.hpp"
#include "scratch_folder.hpp"
#include "sqlite_session_site.hpp"
#include "store/sqlite_file.hpp"

using namespace sqlite_session_site;
namespace fs = std::filesystem;

namespace {

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Why `path` is refused; the error names it.
std::string refusal(const std::string& path) {
  const auto store = vx11::open_sqlite_session_store(path);
  REQUIRE(!store);
  CHECK(store.error().code == vx11::Errc::storage);
  const std::string start = "cannot open the session database " + path + ": ";
  REQUIRE_MESSAGE(store.error().detail.starts_with(start), store.error().detail);
  return store.error().detail.substr(start.size());
}

mode_t mode_of(const fs::path& path) {
  struct stat found = {};
  REQUIRE(stat(path.c_str(), &found) == 0);
  return found.st_mode & 07777;
}

// Runs `check` in a process of its own.
template <class Check>
pid_t start_child(const Check& check) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) _exit(check() ? 0 : 1);
  return child;
}

// Whether `check` held there.
bool held_in(pid_t child) {
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// Whether `check` holds for an unprivileged user: permissions do not bind root.
template <class Check>
bool holds_for_nobody(const Check& check) {
  constexpr uid_t kNobody = 65534;
  return held_in(start_child([&] {
    if (geteuid() == 0 && (setgid(kNobody) != 0 || setuid(kNobody) != 0)) return false;
    return check();
  }));
}

}  // namespace

TEST_CASE("several processes that begin a new file at once share it") {
  constexpr int kProcesses = 6;
  for (int round = 0; round < 10; ++round) {
    const ScratchFolder folder;
    const auto begin = [&] {
      const auto store =
          vx11::open_sqlite_session_store(folder / "s.db", {.patience = std::chrono::minutes(1)});
      return store && vx11::sync_wait((*store)->append("s", "u", turn("x")));
    };
    std::vector<pid_t> children;
    for (int i = 0; i < kProcesses; ++i) children.push_back(start_child(begin));
    for (const pid_t child : children) CHECK(held_in(child));
    CHECK(recent(*open(folder / "s.db"), "s").size() == 2 * kProcesses);
  }
}

TEST_CASE("the file is in WAL mode, sound, and says what it is") {
  const ScratchFolder folder;
  append(*open(folder / "s.db"), "s", turn("1"));
  const auto pragma = [&](const char* name) {
    return ask_sqlite(folder / "s.db", std::string("PRAGMA ") + name);
  };
  CHECK(pragma("journal_mode") == "wal\n");
  CHECK(pragma("integrity_check") == "ok\n");
  CHECK(pragma("foreign_key_check") == "");
  CHECK(pragma("user_version") == "6\n");
  CHECK(pragma("application_id") == "1987588401\n");
}

TEST_CASE("a new file and its folders are their owner's alone") {
  const ScratchFolder folder;
  const mode_t before = umask(0);
  const auto store = open(folder / "a/b/s.db");
  append(*store, "s", turn("1"));
  umask(before);
  CHECK(mode_of(folder / "a") == 0700);
  CHECK(mode_of(folder / "a/b") == 0700);
  for (const char* name : {"a/b/s.db", "a/b/s.db-wal", "a/b/s.db-shm"}) {
    CAPTURE(name);
    CHECK(mode_of(folder / name) == 0600);
  }
}

TEST_CASE("folders that exist keep their modes, files become their owner's alone") {
  const ScratchFolder folder;
  fs::create_directory(folder / "a");
  fs::permissions(folder / "a", fs::perms(0755));
  std::ofstream(folder / "a/s.db").close();
  fs::permissions(folder / "a/s.db", fs::perms(0640));
  append(*open(folder / "a/s.db"), "s", turn("1"));
  CHECK(mode_of(folder / "a") == 0755);
  CHECK(mode_of(folder / "a/s.db") == 0600);
}

TEST_CASE("a path is a path, even if it looks like a URI") {
  const ScratchFolder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  open("file:s.db?mode=memory");
  CHECK(fs::exists("file:s.db?mode=memory"));
  fs::current_path(before);
}

TEST_CASE("a store keeps working when the working directory changes") {
  const ScratchFolder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  const auto store = open("s.db");
  fs::current_path(before);
  append(*store, "s", turn("1"));
  CHECK(recent(*open(folder / "s.db"), "s").size() == 2);
}

TEST_CASE("a file that is no database is refused and left as it is") {
  const ScratchFolder folder;
  for (const std::string& text : {std::string("hello"), std::string(10'000, 'x')}) {
    std::ofstream(folder / "s.db") << text;
    CHECK(refusal(folder / "s.db") == "file is not a database");
    CHECK(content_of(folder / "s.db") == text);
  }
}

TEST_CASE("another program's database is refused and left as it is") {
  const ScratchFolder folder;
  ask_sqlite(folder / "s.db", "CREATE TABLE theirs (x)");
  const std::string before = content_of(folder / "s.db");
  CHECK(refusal(folder / "s.db") == "it is the database of another program");
  CHECK(content_of(folder / "s.db") == before);
}

TEST_CASE("a database of a newer version is refused and left as it is") {
  const ScratchFolder folder;
  append(*open(folder / "s.db"), "s", turn("1"));
  ask_sqlite(folder / "s.db", "PRAGMA user_version = 7; PRAGMA wal_checkpoint(TRUNCATE)");
  const std::string before = content_of(folder / "s.db");
  CHECK(refusal(folder / "s.db") ==
        "it was written by a newer version (schema 7, this one knows 6)");
  CHECK(content_of(folder / "s.db") == before);
}

TEST_CASE("a database without its tables is refused") {
  const ScratchFolder folder;
  open(folder / "s.db");
  ask_sqlite(folder / "s.db", "DROP TABLE totals");
  CHECK(refusal(folder / "s.db") == "SQL logic error");
}

TEST_CASE("what cannot be a file is refused") {
  const ScratchFolder folder;
  std::ofstream(folder / "file").close();
  CHECK(refusal(folder.path().string()) == "not a regular file");
  CHECK(refusal(folder / "file/s.db") == "Not a directory");
  CHECK(refusal("/proc/no-such-folder/s.db") == "No such file or directory");
  CHECK(refusal("/dev/null") == "not a regular file");
  CHECK(refusal("") == "the path is empty");
  CHECK(refusal(std::string("s\0.db", 5)) == "the path holds a NUL");
}

TEST_CASE("a folder in which one may not write is refused") {
  const ScratchFolder folder;
  fs::permissions(folder.path(), fs::perms(0500));
  CHECK(holds_for_nobody([&] {
    const auto store = vx11::open_sqlite_session_store(folder / "s.db");
    return !store && store.error().detail.ends_with(": Permission denied");
  }));
  fs::permissions(folder.path(), fs::perms(0700));
}

TEST_CASE("a database that one may only read is refused") {
  const ScratchFolder folder;
  open(folder / "s.db");
  fs::permissions(folder.path(), fs::perms(0777));
  fs::permissions(folder / "s.db", fs::perms(0444));
  CHECK(holds_for_nobody([&] {
    const auto store = vx11::open_sqlite_session_store(folder / "s.db");
    return !store && store.error().detail.ends_with(": attempt to write a readonly database");
  }));
}

TEST_CASE("a log that was deleted is noticed, and what it held is in the database") {
  const ScratchFolder folder;
  const auto store = open(folder / "s.db");
  append(*store, "s", turn("1"));
  std::string put_back;
  SUBCASE("and is missing") {}
  SUBCASE("and another one has its name") {
    put_back = "another";
  }
  fs::remove(folder / "s.db-wal");
  if (!put_back.empty()) folder.write("s.db-wal", put_back);
  const auto failed = vx11::sync_wait(store->append("s", "u", turn("2")));
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().detail.ends_with(
      "the -wal file beside the database was moved, deleted or replaced; restart the program"));
  CHECK(recent(*store, "s").size() == 2);
  // As after the end of a process that was killed.
  fs::copy_file(folder / "s.db", folder / "killed.db");
  CHECK(recent(*open(folder / "killed.db"), "s").size() == 2);
}

TEST_CASE("the text of a deleted session is in no file any more") {
  const ScratchFolder folder;
  const std::string secret = "a sentence that must not stay";
  {
    const auto store = open(folder / "s.db");
    append(*store, "s", Turn({"user", secret}, {"assistant", std::string(9000, 'x') + secret}));
    append(*store, "t", turn("1"));
    CHECK(content_of(folder / "s.db-wal").find(secret) != std::string::npos);
    CHECK(erase(*store, "s"));
  }
  for (const auto& file : std::filesystem::directory_iterator(folder.path())) {
    CAPTURE(file.path());
    CHECK(content_of(file.path()).find(secret) == std::string::npos);
  }
}

TEST_CASE("files beside an existing database become their owner's alone") {
  const ScratchFolder folder;
  const auto first = open(folder / "s.db");
  append(*first, "s", turn("1"));
  const std::vector<std::string> names{"s.db", "s.db-wal", "s.db-shm"};
  for (const auto& name : names)
    std::filesystem::permissions(folder / name, std::filesystem::perms(0664));
  open(folder / "s.db");
  for (const auto& name : names) {
    struct stat found = {};
    REQUIRE(stat((folder / name).c_str(), &found) == 0);
    CHECK((found.st_mode & 0777) == 0600);
  }
}

TEST_CASE("network shares are known by name") {
  CHECK(std::string(vx11::sqlite::network_file_system(0x6969)) == "NFS");
  CHECK(std::string(vx11::sqlite::network_file_system(static_cast<int>(0xFF534D42))) == "CIFS");
  for (const long local : {0xEF53L, 0x01021994L, 0x58465342L, 0x794C7630L}) {
    CHECK(vx11::sqlite::network_file_system(local) == nullptr);
  }
}

namespace {

/// What a power cut left, and what had been acknowledged.
struct Cut {
  PowerCutVfs::Image image;
  int acknowledged = 0;
};

/// Stores numbered turns, and cuts the power at every `each`-th operation on the files.
std::vector<Cut> cuts_while_storing(vx11::SessionDurability durability, int turns, int each) {
  const ScratchFolder folder;
  PowerCutVfs disk;
  std::atomic<int> acknowledged = 0;
  std::vector<Cut> cuts;
  {
    auto made = vx11::open_sqlite_session_store(folder / "s.db", {.limits = {.messages = 20}},
                                                {.durability = durability});
    REQUIRE(made);
    unsigned operations = 0;
    disk.before_operation = [&] {
      if (++operations % static_cast<unsigned>(each) != 0) return;
      Cut cut{{}, acknowledged};
      for (auto& [path, content] : disk.after_power_cut(operations)) {
        cut.image[std::filesystem::path(path).filename()] = std::move(content);
      }
      cuts.push_back(std::move(cut));
    };
    for (int i = 1; i <= turns; ++i) {
      append(**made, std::to_string(i % 3), turn(std::to_string(i)));
      acknowledged = i;
    }
  }
  disk.before_operation = [] {};
  return cuts;
}

/// The number of the last turn that is there after the restart. None before it is missing or
/// partial, and the file is sound.
int last_turn_after(const Cut& cut) {
  const ScratchFolder folder;
  for (const auto& [name, content] : cut.image) folder.write(name, content);
  int last = 0;
  const auto store = open(folder / "s.db", {.messages = 20});
  for (int session = 0; session < 3; ++session) {
    const auto messages = recent(*store, std::to_string(session));
    for (std::size_t i = 0; i < messages.size(); i += 2) {
      const int number = std::stoi(messages[i].content.substr(4));
      CHECK(messages[i + 1].content == "answer " + std::to_string(number));
      CHECK(number % 3 == session);
      if (i > 0) CHECK(number == std::stoi(messages[i - 2].content.substr(4)) + 3);
      last = std::max(last, number);
    }
  }
  append(*store, "after", turn("x"));
  CHECK(ask_sqlite(folder / "s.db", "PRAGMA integrity_check") == "ok\n");
  return last;
}

}  // namespace

TEST_CASE("a power cut at any moment loses no acknowledged turn of durability power") {
  int checked = 0;
  for (const Cut& cut : cuts_while_storing(vx11::SessionDurability::power, 100, 11)) {
    CAPTURE(cut.acknowledged);
    const int last = last_turn_after(cut);
    CHECK(last >= cut.acknowledged);
    CHECK(last <= cut.acknowledged + 1);
    ++checked;
  }
  CHECK(checked > 50);
}

TEST_CASE("a power cut at any moment corrupts no file of durability process") {
  bool lost_some = false;
  for (const Cut& cut : cuts_while_storing(vx11::SessionDurability::process, 60, 11)) {
    CAPTURE(cut.acknowledged);
    const int last = last_turn_after(cut);
    CHECK(last <= cut.acknowledged + 1);
    lost_some = lost_some || last < cut.acknowledged;
  }
  CHECK(lost_some);  // otherwise the cuts would show nothing
}
