// A process that writes sessions is killed with SIGKILL repeatedly, at arbitrary points. Afterwards
// every acknowledged turn must be stored, and none partially.

#include <vx11/store/sqlite.hpp>

#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include "numbered_turn.hpp"
#include "scratch_folder.hpp"

namespace fs = std::filesystem;
using vx11::Message;

namespace {

constexpr std::size_t kUnlimited = 1'000'000;

// A running session_writer.
class Writer {
 public:
  Writer(const std::string& path, const std::string& session, std::size_t messages) {
    std::array<int, 2> ends{};
    REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0);
    process_ = fork();
    REQUIRE(process_ >= 0);
    if (process_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      const std::string limit = std::to_string(messages);
      execl(VX11_SESSION_WRITER, VX11_SESSION_WRITER, path.c_str(), session.c_str(), limit.c_str(),
            nullptr);
      _exit(127);
    }
    close(ends[1]);
    acknowledgements_.reset(fdopen(ends[0], "r"));
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() {
    if (process_ > 0) kill_now();
  }

  // Reads acknowledgements: `count` of them …
  void await(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) REQUIRE(read_one());
  }
  // … or up to one with a number past `number`.
  void await_past(std::size_t number) {
    do REQUIRE(read_one());
    while (last_ <= number);
  }

  // Kills it and returns the number of the last turn that it acknowledged.
  std::size_t kill_now() {
    kill(process_, SIGKILL);
    int status = 0;
    waitpid(process_, &status, 0);
    process_ = 0;
    CHECK(WIFSIGNALED(status));
    while (read_one()) {
    }
    return last_;
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };

  bool read_one() { return std::fscanf(acknowledgements_.get(), "%zu", &last_) == 1; }

  pid_t process_ = 0;
  std::unique_ptr<std::FILE, Close> acknowledgements_;
  std::size_t last_ = 0;
};

std::vector<Message> messages_of(const std::string& path, const std::string& session) {
  const auto store = vx11::open_sqlite_session_store(path, {.limits = limited_to(kUnlimited)});
  REQUIRE_MESSAGE(store, store.error().detail);
  auto found = vx11::sync_wait((*store)->find(session));
  REQUIRE(found);
  REQUIRE(found->has_value());
  return (*found)->messages;
}

std::string check_of_sqlite(const std::string& path, const char* pragma) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  std::string answer;
  const auto collect = [](void* out, int, char** values, char**) {
    *static_cast<std::string*>(out) += values[0];
    return 0;
  };
  CHECK(sqlite3_exec(database, pragma, collect, &answer, nullptr) == SQLITE_OK);
  sqlite3_close(database);
  return answer;
}

// Opening and writing counts the turns that the killed process had not counted yet.
void check_counts(const std::string& path) {
  const auto store = vx11::open_sqlite_session_store(path, {.limits = limited_to(kUnlimited)});
  REQUIRE_MESSAGE(store, store.error().detail);
  REQUIRE(vx11::sync_wait((*store)->erase("none")));
  CHECK(check_of_sqlite(path,
                        "SELECT count(*) FROM sessions s WHERE (s.bytes, s.turns) <>"
                        " (SELECT sum(bytes), count(*) FROM turns t WHERE t.session = s.key)") ==
        "0");
  CHECK(check_of_sqlite(path, "SELECT bytes - (SELECT sum(bytes) FROM turns) FROM totals") == "0");
}

void check_soundness(const std::string& path) {
  check_counts(path);
  CHECK(check_of_sqlite(path, "PRAGMA integrity_check") == "ok");
  CHECK(check_of_sqlite(path, "PRAGMA foreign_key_check") == "");
  CHECK(check_of_sqlite(path, "SELECT count(*) - (SELECT sessions FROM totals) FROM sessions") ==
        "0");
}

// Whether `messages` are the newest turns up to the one with the number `last`, whole to the byte.
bool are_turns_up_to(std::size_t last, const std::vector<Message>& messages) {
  if (messages.size() % 2 != 0 || messages.size() / 2 > last) return false;
  std::size_t number = last - messages.size() / 2;
  for (std::size_t i = 0; i < messages.size(); i += 2) {
    const vx11::Turn expected = numbered_turn(++number);
    if (messages[i] != expected.user || messages[i + 1] != expected.assistant) return false;
  }
  return number == last;
}

// The last stored turn: the last acknowledged, or one more, stored but killed before the
// acknowledgement.
std::size_t check_last(const std::vector<Message>& messages, std::size_t acknowledged) {
  REQUIRE(!messages.empty());
  const std::size_t last = number_of(messages.back());
  CHECK(last >= acknowledged);
  CHECK(last <= acknowledged + 1);
  CHECK(are_turns_up_to(last, messages));
  return last;
}

}  // namespace

TEST_CASE("every turn acknowledged before a kill is there, and none by half") {
  const ScratchFolder folder;
  for (std::size_t round = 0; round < 20; ++round) {
    CAPTURE(round);
    Writer writer(folder / "s.db", "s", kUnlimited);
    writer.await(1 + 2 * round);
    const std::size_t acknowledged = writer.kill_now();
    const std::vector<Message> messages = messages_of(folder / "s.db", "s");
    CHECK(messages.size() == 2 * check_last(messages, acknowledged));
    check_soundness(folder / "s.db");
  }
}

TEST_CASE("a kill while old messages make room leaves the newest") {
  const ScratchFolder folder;
  for (std::size_t round = 0; round < 10; ++round) {
    CAPTURE(round);
    Writer writer(folder / "s.db", "s", 10);
    writer.await(10 + round);
    const std::size_t acknowledged = writer.kill_now();
    const std::vector<Message> messages = messages_of(folder / "s.db", "s");
    check_last(messages, acknowledged);
    CHECK(messages.size() == 10);
    check_soundness(folder / "s.db");
  }
}

TEST_CASE("when one of two writers is killed the other continues") {
  const ScratchFolder folder;
  for (std::size_t round = 0; round < 5; ++round) {
    CAPTURE(round);
    Writer killed(folder / "s.db", "killed", kUnlimited);
    Writer other(folder / "s.db", "other", kUnlimited);
    other.await(1);
    killed.await(1 + round);
    const std::size_t acknowledged = killed.kill_now();
    // Turns stored by now may date from before the kill; later ones do not.
    other.await_past(messages_of(folder / "s.db", "other").size() / 2);
    check_last(messages_of(folder / "s.db", "killed"), acknowledged);
    check_last(messages_of(folder / "s.db", "other"), other.kill_now());
    check_soundness(folder / "s.db");
  }
}
