// A lack of memory ends operations, and not the process.
#include <atomic>
#include <cstdlib>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "scratch_folder.hpp"
#include "sqlite_session_site.hpp"

using namespace sqlite_session_site;

namespace {

thread_local bool is_of_test = false;
std::atomic<int> until_failure = 0;

/// For its lifetime, the `number`-th allocation on another thread fails.
class FailingAllocation {
 public:
  explicit FailingAllocation(int number) noexcept {
    is_of_test = true;
    until_failure = number;
  }
  FailingAllocation(const FailingAllocation&) = delete;
  FailingAllocation& operator=(const FailingAllocation&) = delete;
  ~FailingAllocation() { until_failure = 0; }

  bool has_failed() const noexcept { return until_failure == 0; }
};

bool fails_now() noexcept {
  if (is_of_test) return false;
  for (int left = until_failure; left > 0;) {
    if (until_failure.compare_exchange_weak(left, left - 1)) return left == 1;
  }
  return false;
}

void* allocate(std::size_t bytes) {
  void* const memory = fails_now() ? nullptr : std::malloc(bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

// Not inlined, because the compiler takes `free` in a container for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  return allocate(bytes);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

TEST_CASE("without memory each turn fails or is stored once, and the store keeps working") {
  const ScratchFolder folder;
  const auto store = open_patient(folder / "s.db", {.sessions = 3});
  Chats chats(store);
  bool has_failed = true;
  int number = 1;
  for (; has_failed; ++number) {
    CAPTURE(number);
    const std::string id = std::to_string(number);
    append(*store, "read", turn("1"));
    append(*store, id, turn("0"));
    CHECK(summary(*store, "read").size() > 20);
    std::optional<Lock> lock(folder / "s.db");
    for (const char* text : {"1", "2", "3"}) chats.append(id, turn(text));
    chats.append("other " + id, turn("1"));
    const FailingAllocation fault(number);
    lock.reset();
    const std::vector<std::string> failures = chats.wait();
    has_failed = fault.has_failed();
    for (const auto& failure : failures) CHECK(failure == "cannot write sessions: out of memory");
    until_failure = 0;
    const std::size_t stored = recent(*store, id).size() + recent(*store, "other " + id).size();
    CHECK(stored == 2 * (5 - failures.size()));
  }
  CHECK(number > 20);
}

TEST_CASE("what is not written of sessions is counted if there was no memory to note it") {
  bool has_failed = true;
  int number = 1;
  for (; has_failed; ++number) {
    CAPTURE(number);
    const ScratchFolder folder;
    auto store = open_patient(folder / "s.db", {.messages = 8});
    for (const char* id : {"a", "b", "a"}) append(*store, id, turn("0"));
    {
      Chats chats(store);
      std::optional<Lock> lock(folder / "s.db");
      for (const char* id : {"a", "c", "b", "d"}) chats.append(id, turn("1"));
      const FailingAllocation fault(number);
      lock.reset();
      chats.wait();
      has_failed = fault.has_failed();
    }
    for (const char* id : {"d", "a", "a", "a"}) append(*store, id, turn("2"));
    CHECK(recent(*store, "a").size() == 8);
    store.reset();
    CHECK(ask_sqlite(folder / "s.db",
                     "SELECT count(*) FROM sessions s WHERE (s.bytes, s.turns) <>"
                     " (SELECT sum(bytes), count(*) FROM turns t WHERE t.session = s.key);"
                     "SELECT bytes - (SELECT sum(bytes) FROM turns),"
                     " sessions - (SELECT count(*) FROM sessions) FROM totals") == "0\n0\n0\n");
  }
  CHECK(number > 20);
}

TEST_CASE("without memory a reading fails alone") {
  const ScratchFolder folder;
  const auto store = open(folder / "s.db");
  append(*store, "s", turn("1"));
  int failures = 0;
  bool has_failed = true;
  for (int number = 1; has_failed; ++number) {
    const FailingAllocation fault(number);
    const auto messages = vx11::sync_wait(store->recent("s", kAll));
    has_failed = fault.has_failed();
    if (messages) CHECK(messages->size() == 2);
    if (!messages) {
      CHECK(messages.error().detail == "cannot read sessions: out of memory");
      ++failures;
    }
  }
  CHECK(failures > 0);
}
