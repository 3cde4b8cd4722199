#include "store/sqlite_turns.hpp"

#include <vx11/session.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <new>

#include "store/packed_session.hpp"

namespace vx11 {
inline namespace v0 {
namespace sqlite {

namespace {

void put(std::string& out, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7U) out += static_cast<char>(number | 0x80U);
  out += static_cast<char>(number);
}

/// \return false: there is none at the front of `packed`
bool take(std::string_view& packed, std::uint64_t& number) noexcept {
  number = 0;
  for (unsigned shift = 0; shift < 63 && !packed.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(packed.front());
    packed.remove_prefix(1);
    number |= std::uint64_t{byte & 0x7FU} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

std::string bytes_of(sqlite3_value* value) {
  const auto* const data = static_cast<const char*>(sqlite3_value_blob(value));
  const int size = sqlite3_value_bytes(value);
  return data == nullptr ? std::string() : std::string(data, static_cast<std::size_t>(size));
}

Message message_of(sqlite3_value** values) {
  return Message(bytes_of(values[0]), bytes_of(values[1]),
                 WallTime(std::chrono::milliseconds(sqlite3_value_int64(values[2]))),
                 bytes_of(values[3]));
}

void return_blob(sqlite3_context* context, const std::string& blob) noexcept {
  sqlite3_result_blob64(context, blob.data(), blob.size(), SQLITE_TRANSIENT);
}

void pack_turn(sqlite3_context* context, int, sqlite3_value** values) noexcept try {
  return_blob(context, pack(Turn(message_of(values), message_of(values + 4))));
} catch (const std::bad_alloc&) {
  sqlite3_result_error_nomem(context);
}

/// What an aggregate has collected; zeros at first, null without memory or without rows.
StoredTurns** collected(sqlite3_context* context, int size) noexcept {
  return static_cast<StoredTurns**>(sqlite3_aggregate_context(context, size));
}

void collect(sqlite3_context* context, int, sqlite3_value** values) noexcept try {
  StoredTurns** const turns = collected(context, sizeof(StoredTurns*));
  if (turns == nullptr) return sqlite3_result_error_nomem(context);
  if (*turns == nullptr) *turns = new StoredTurns();
  (*turns)->push_back({sqlite3_value_int64(values[0]), sqlite3_value_int64(values[1])});
} catch (const std::bad_alloc&) {
  sqlite3_result_error_nomem(context);
}

void pack_collected(sqlite3_context* context) noexcept try {
  StoredTurns** const found = collected(context, 0);
  const std::unique_ptr<StoredTurns> turns(found == nullptr ? nullptr : *found);
  if (!turns) return return_blob(context, "");
  std::ranges::sort(*turns, {}, &StoredTurn::key);
  return_blob(context, pack(*turns));
} catch (const std::bad_alloc&) {
  sqlite3_result_error_nomem(context);
}

}  // namespace

std::string pack(const StoredTurns& turns) {
  std::string packed;
  packed.reserve(5 * turns.size());
  std::int64_t before = 0;
  for (const StoredTurn& turn : turns) {
    put(packed, static_cast<std::uint64_t>(turn.key - before));
    put(packed, static_cast<std::uint64_t>(turn.bytes));
    before = turn.key;
  }
  return packed;
}

bool unpack(std::string_view packed, StoredTurns& turns) {
  std::int64_t key = 0;
  while (!packed.empty()) {
    std::uint64_t step = 0;
    std::uint64_t bytes = 0;
    if (!take(packed, step) || !take(packed, bytes) || step == 0) return false;
    key += static_cast<std::int64_t>(step);
    turns.push_back({key, static_cast<std::int64_t>(bytes)});
  }
  return true;
}

void add_later(StoredTurns& turns, const StoredTurns& later) {
  const std::int64_t newest = turns.empty() ? 0 : turns.back().key;
  const auto first = std::ranges::upper_bound(later, newest, {}, &StoredTurn::key);
  turns.insert(turns.end(), first, later.end());
}

int add_packing_functions(sqlite3* database) noexcept {
  constexpr int kFlags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
  const int code = sqlite3_create_function_v2(database, "pack_turn", 8, kFlags, nullptr, &pack_turn,
                                              nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return code;
  return sqlite3_create_function_v2(database, "pack_turn_list", 2, kFlags, nullptr, nullptr,
                                    &collect, &pack_collected, nullptr);
}

}  // namespace sqlite
}  // namespace v0
}  // namespace vx11
