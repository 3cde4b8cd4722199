// The cost of storing a turn and of reading the last 50 messages, per store.
//
// Baselines: a map of messages copied under one lock, for the memory store; the same bytes written
// to a plain file, and written and flushed to the disk, for the SQLite store.

#include <vx11/store/memory.hpp>
#include <vx11/store/sqlite.hpp>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

namespace {

constexpr int kSessions = 1'000;

vx11::Turn turn() {
  return {{"user", std::string(80, 'q')}, {"assistant", std::string(400, 'a')}};
}

std::string id(int number) {
  return "00000000-0000-4000-8000-" + std::to_string(number);
}

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "vx11-bench-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

class CopyingMap final : public vx11::SessionStore {
 public:
  vx11::Task<vx11::Result<std::vector<vx11::Message>>> recent(std::string id,
                                                              std::size_t) override {
    const std::scoped_lock lock(mutex_);
    co_return sessions_[id];
  }
  vx11::Task<vx11::Result<std::optional<vx11::Session>>> find(std::string) override {
    co_return std::optional<vx11::Session>();
  }
  vx11::Task<vx11::Result<void>> append(std::string id, std::string, vx11::Turn turn) override {
    const std::scoped_lock lock(mutex_);
    auto& messages = sessions_[id];
    messages.push_back(std::move(turn.user));
    messages.push_back(std::move(turn.assistant));
    if (messages.size() > 50) messages.erase(messages.begin(), messages.end() - 50);
    co_return vx11::Result<void>();
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::vector<vx11::Message>> sessions_;
};

using Store = std::shared_ptr<vx11::SessionStore>;

const Folder& folder() {
  static const Folder made;
  return made;
}

Store fresh_sqlite() {
  static int number = 0;
  auto store =
      vx11::open_sqlite_session_store(folder() / ("sessions" + std::to_string(++number) + ".db"));
  if (!store) std::abort();
  return *store;
}

// One store for all threads of a run, filled with full sessions.
Store& shared_store() {
  static Store store;
  return store;
}

template <class Make>
void set_up(const Make& make) {
  shared_store() = make();
  for (int i = 0; i < 25 * kSessions; ++i) {
    static_cast<void>(vx11::sync_wait(shared_store()->append(id(i % kSessions), "local", turn())));
  }
}

void append(benchmark::State& state) {
  int number = state.thread_index() * kSessions / 2;
  for (auto _ : state) {
    auto kept = vx11::sync_wait(shared_store()->append(id(++number % kSessions), "local", turn()));
    if (!kept) state.SkipWithError(kept.error().detail.c_str());
  }
}

void recent(benchmark::State& state) {
  int number = state.thread_index() * kSessions / 2;
  for (auto _ : state) {
    auto messages = vx11::sync_wait(shared_store()->recent(id(++number % kSessions), 50));
    if (!messages || messages->size() != 50) state.SkipWithError("a full session was expected");
    benchmark::DoNotOptimize(messages);
  }
}

// Every turn starts a session and so evicts the least recently used one.
void append_and_evict(benchmark::State& state, const Store& store) {
  int number = 0;
  for (auto _ : state) {
    static_cast<void>(vx11::sync_wait(store->append(id(++number), "local", turn())));
  }
}

enum class Flush { none, each };

void write_file(benchmark::State& state, Flush flush) {
  const int file = open((folder() / "plain").c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600);
  const std::string bytes(560, 'x');
  for (auto _ : state) {
    if (write(file, bytes.data(), bytes.size()) < 0) state.SkipWithError("cannot write");
    if (flush == Flush::each) fdatasync(file);
  }
  close(file);
}

void set_up_map(const benchmark::State&) {
  set_up([] { return std::make_shared<CopyingMap>(); });
}
void set_up_memory(const benchmark::State&) {
  set_up([] { return vx11::make_memory_session_store(); });
}
void set_up_sqlite(const benchmark::State&) {
  set_up(fresh_sqlite);
}
void tear_down(const benchmark::State&) {
  shared_store().reset();
}

// Wall-clock time, since the SQLite store waits for the kernel.
void shared(benchmark::internal::Benchmark* measured) {
  measured->Teardown(tear_down)->ThreadRange(1, 2)->UseRealTime();
}

BENCHMARK(append)->Name("append/map")->Setup(set_up_map)->Apply(shared);
BENCHMARK(append)->Name("append/memory")->Setup(set_up_memory)->Apply(shared);
BENCHMARK(append)->Name("append/sqlite")->Setup(set_up_sqlite)->Apply(shared);
BENCHMARK_CAPTURE(write_file, plain, Flush::none)->UseRealTime();
BENCHMARK_CAPTURE(write_file, flushed, Flush::each)->UseRealTime();
BENCHMARK(recent)->Name("recent/map")->Setup(set_up_map)->Apply(shared);
BENCHMARK(recent)->Name("recent/memory")->Setup(set_up_memory)->Apply(shared);
BENCHMARK(recent)->Name("recent/sqlite")->Setup(set_up_sqlite)->Apply(shared);
BENCHMARK_CAPTURE(append_and_evict, memory,
                  vx11::make_memory_session_store({.limits = {.sessions = kSessions}}));

}  // namespace
