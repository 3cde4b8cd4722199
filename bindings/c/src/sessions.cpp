#include <vx11/store/memory.hpp>
#include <vx11/store/sqlite.hpp>
#include <vx11/to_json.hpp>

#include "fields.hpp"
#include "handles.hpp"

namespace {

using namespace vx11::c;
using vx11::Result;
using vx11::sync_wait;

Result<vx11::SessionLimits> limits_of(const char* description) {
  Fields fields(description);
  vx11::SessionLimits limits;
  fields.read("messages", limits.messages);
  fields.read_ms("idle_timeout_ms", "idle_ms", limits.idle_timeout);
  fields.read("sessions", limits.sessions);
  auto right = fields.finish();
  if (!right) return vx11::fail(right.error());
  return limits;
}

vx11::Message message_of(Fields fields, const char* role) {
  vx11::Message message(role, {}, vx11::WallClock().now());
  fields.require("content", message.content);
  fields.read_object("metadata", message.metadata_json);
  fields.end();
  return message;
}

Result<vx11::Turn> turn_of(const char* description) {
  Fields fields(description);
  vx11::Turn turn;
  turn.user = message_of(fields.object("user"), "user");
  turn.assistant = message_of(fields.object("assistant"), "assistant");
  auto right = fields.finish();
  if (!right) return vx11::fail(right.error());
  return turn;
}

}  // namespace

vx11_code vx11_sessions_memory(const char* limits, vx11_sessions** sessions, char** error) {
  return guarded(error, [&] {
    const auto read = limits_of(limits);
    if (!read) return failure(read.error());
    auto store = vx11::make_memory_session_store({.limits = *read});
    return give(std::shared_ptr<vx11_sessions>(new vx11_sessions{std::move(store)}), sessions);
  });
}

vx11_code vx11_sessions_sqlite(const char* path, const char* limits, vx11_sessions** sessions,
                               char** error) {
  return guarded(error, [&] {
    const auto read = limits_of(limits);
    if (!read) return failure(read.error());
    return give(vx11::open_sqlite_session_store(text_of(path), {.limits = *read}), sessions);
  });
}

vx11_code vx11_sessions_free(vx11_sessions* sessions) {
  return release(sessions);
}

vx11_code vx11_sessions_recent(vx11_sessions* sessions, const char* id, size_t count,
                               char** messages, char** error) {
  return guarded(error, [&] {
    const auto store = needed(sessions)->store;
    const auto recent = sync_wait(store->recent(text_of(id), count));
    return recent ? give(to_json(*recent), messages) : failure(recent.error());
  });
}

vx11_code vx11_sessions_find(vx11_sessions* sessions, const char* id, char** session,
                             char** error) {
  return guarded(error, [&] {
    const auto store = needed(sessions)->store;
    const auto found = sync_wait(store->find(text_of(id)));
    return found ? give(to_json(*found), session) : failure(found.error());
  });
}

vx11_code vx11_sessions_append(vx11_sessions* sessions, const char* id, const char* user_id,
                               const char* turn, char** error) {
  return guarded(error, [&] {
    const auto store = needed(sessions)->store;
    auto read = turn_of(turn);
    if (!read) return failure(read.error());
    const auto done = sync_wait(store->append(text_of(id), text_of(user_id), std::move(*read)));
    return done ? Ending() : failure(done.error());
  });
}
