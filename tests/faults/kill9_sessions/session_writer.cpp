// session_writer PATH SESSION MESSAGES: adds one numbered turn after the other to SESSION, of which
// MESSAGES are kept, in the database at PATH. Continues after the last turn stored there, and
// writes the number of each turn to standard output once the store has acknowledged it. Runs until
// it is killed.

#include <vx11/store/sqlite.hpp>

#include <chrono>
#include <cstdio>
#include <string>

#include <unistd.h>

#include "numbered_turn.hpp"

namespace {

int give_up(const vx11::Error& error) {
  std::fprintf(stderr, "session_writer: %s\n", error.detail.c_str());
  return 1;
}

bool acknowledge(std::size_t number) {
  const std::string line = std::to_string(number) + '\n';
  return write(STDOUT_FILENO, line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

int write_on(vx11::SessionStore& store, const std::string& session) {
  const auto last = vx11::sync_wait(store.recent(session, 1));
  if (!last) return give_up(last.error());
  std::size_t number = last->empty() ? 0 : number_of(last->back());
  do {
    ++number;
    const auto kept = vx11::sync_wait(store.append(session, "writer", numbered_turn(number)));
    if (!kept) return give_up(kept.error());
  } while (acknowledge(number));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  // Patience for another writer that hardly ever leaves the lock.
  const auto store = vx11::open_sqlite_session_store(
      argv[1], {.limits = limited_to(std::stoul(argv[3])), .patience = std::chrono::minutes(1)});
  return store ? write_on(**store, argv[2]) : give_up(store.error());
}
