#include "handle_table.hpp"

#include <utility>

#include <pthread.h>

namespace vx11::c {
namespace {

/// Numbers are multiples of this, so that they look like aligned addresses.
constexpr std::uintptr_t kStep = 16;

std::uintptr_t number_of(const void* handle) noexcept {
  return reinterpret_cast<std::uintptr_t>(handle);
}

}  // namespace

const char* to_string(Kind kind) noexcept {
  switch (kind) {
    case Kind::stop:
      return "stop";
    case Kind::breaker:
      return "breaker";
    case Kind::permit:
      return "permit";
    case Kind::transport:
      return "transport";
    case Kind::call:
      return "call";
    case Kind::router:
      return "router";
    case Kind::power:
      return "power";
    case Kind::health:
      return "health";
    case Kind::sessions:
      return "sessions";
    case Kind::api:
      return "operator";
    case Kind::response:
      return "response";
    case Kind::stream:
      return "stream";
  }
  return "handle";
}

HandleTable& HandleTable::instance() {
  static HandleTable& table = *new HandleTable;
  return table;
}

HandleTable::HandleTable() {
  // The mutex is held during fork, so that the child finds it and the table in a known state.
  pthread_atfork([] { instance().mutex_.lock(); }, [] { instance().mutex_.unlock(); },
                 [] {
                   instance().forget_parent();
                   instance().mutex_.unlock();
                 });
}

void HandleTable::forget_parent() {
  parents_.push_back(std::exchange(entries_, {}));
  parents_last_ = last_;
}

void* HandleTable::add(Kind kind, std::shared_ptr<void> object) {
  const std::lock_guard lock(mutex_);
  entries_.emplace(last_ + kStep, Entry{kind, std::move(object)});
  last_ += kStep;
  return reinterpret_cast<void*>(last_);
}

std::shared_ptr<void> HandleTable::find(Kind kind, const void* handle) const noexcept {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(number_of(handle));
  return found == entries_.end() || found->second.kind != kind ? nullptr : found->second.object;
}

std::shared_ptr<void> HandleTable::take(Kind kind, const void* handle) noexcept {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(number_of(handle));
  if (found == entries_.end() || found->second.kind != kind) return nullptr;
  std::shared_ptr<void> object = std::move(found->second.object);
  entries_.erase(found);
  return object;
}

const char* HandleTable::why_not(const void* handle) const noexcept {
  if (handle == nullptr) return "is NULL";
  const std::lock_guard lock(mutex_);
  const std::uintptr_t number = number_of(handle);
  if (number <= parents_last_) return "was made before fork: make it anew in this process";
  return entries_.contains(number) ? "is a handle of another type" : "was released";
}

}  // namespace vx11::c
