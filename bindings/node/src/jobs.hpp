#pragma once

/// \file
/// Runs work off the main thread and converts results of the C interface to JavaScript values.

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <napi.h>
#include <vx11.h>

#include "environment.hpp"
#include "handles.hpp"
#include "threads.hpp"

namespace vx11::node {

/// Calls one function on the main thread. Node may close it, at the end of a process or a worker,
/// while other threads still hold it; later calls are rejected.
class MainThread {
 public:
  using Call = std::function<void(Napi::Env, Napi::Function)>;

  static std::shared_ptr<MainThread> of(Napi::Env env, const Napi::Function& function);
  /// Does not keep the process alive.
  void unref(Napi::Env env) { function_.Unref(env); }
  /// Queues a call from any thread.
  /// \return whether it was queued
  bool call(Call call);
  /// Call after the last call.
  void release();

 private:
  std::mutex mutex_;
  bool gone_ = false;
  Napi::ThreadSafeFunction function_;
};

/// The result of a job; called on the main thread, where it returns a value or throws Napi::Error.
using Answer = std::function<Napi::Value(Napi::Env)>;

/// The work of a promise: gets the milliseconds that are left, and by what it can be stopped.
using Work = std::function<Answer(int64_t left_ms, const vx11_stop* stop)>;

/// What a promise needs to know of its call.
struct Call {
  Wait wait = Wait::stores;
  int64_t limit_ms = -1;                      ///< From now; negative: none.
  std::shared_ptr<vx11_stop> stop = nullptr;  ///< Of the caller, or null.
};

/// Runs `work` on a thread of the addon and returns a promise of its result. Keeps the process
/// alive until it is settled. When its environment ends, the work is stopped.
Napi::Promise promise(Napi::Env env, Call call, Work work);

/// Copies text returned by the library and frees it.
std::string taken(char* text);

/// The value of a successful call; throws an exception with the error's JSON as its text.
Answer answer(vx11_code code, char* text, char* error);

/// Throws the error reported by a call. `error` is a reference because the call that sets it is
/// usually another argument.
void check(Napi::Env env, vx11_code code, char* const& error);

/// The text of an argument. Throws a TypeError if it is none, or contains NUL, where the C
/// interface would cut it.
std::string text(const Napi::Value& value);

/// Throws a TypeError if it is no finite number.
int64_t whole(const Napi::Value& value);

/// Alternating names and values, as the C interface takes them.
class Pairs {
 public:
  explicit Pairs(const Napi::Value& flat);
  const char* const* data() const { return raw_.data(); }
  std::size_t count() const { return texts_.size() / 2; }

 private:
  std::vector<std::string> texts_;
  std::vector<const char*> raw_;
};

/// The bytes of a Buffer.
std::string bytes(const Napi::Value& buffer);

void export_breaker(Napi::Env env, Napi::Object exports);
void export_transport(Napi::Env env, Napi::Object exports);
void export_parts(Napi::Env env, Napi::Object exports);
void export_stream(Napi::Env env, Napi::Object exports);
void export_operator(Napi::Env env, Napi::Object exports);

}  // namespace vx11::node
