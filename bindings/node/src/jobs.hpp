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

namespace vx11::node {

/// Runs `work` on a thread of the addon's pool. Not on libuv's pool: it has four threads, and a
/// transport written in JavaScript may need one of them while an ask waits for the transport.
void run_aside(std::function<void()> work);

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

/// Runs `work` on the pool and returns a promise of its result. Keeps the process alive until it
/// is settled.
Napi::Promise promise(Napi::Env env, std::function<Answer()> work);

/// Copies text returned by the library and frees it.
std::string taken(char* text);

/// The value of a successful call; throws an exception with the error's JSON as its text.
Answer answer(vx11_code code, char* text, char* error);

/// Throws the error reported by a call. `error` is a reference because the call that sets it is
/// usually another argument.
void check(Napi::Env env, vx11_code code, char* const& error);

/// A handle of the library, kept alive while a JavaScript value or a job refers to it.
template <class T>
using Owned = std::shared_ptr<T>;

template <class T>
Napi::Value wrap(Napi::Env env, T* handle, void (*free)(T*)) {
  auto* box = new Owned<T>(handle, free);
  return Napi::External<Owned<T>>::New(env, box, [](Napi::Env, Owned<T>* held) { delete held; });
}

/// The handle in an argument; empty for null.
template <class T>
Owned<T> unwrap(const Napi::Value& value) {
  if (!value.IsExternal()) return nullptr;
  return *value.As<Napi::External<Owned<T>>>().Data();
}

/// An array of handles in the form the C interface takes; keeps the handles alive.
template <class T>
class Handles {
 public:
  explicit Handles(const Napi::Value& value) {
    const auto list = value.As<Napi::Array>();
    for (uint32_t i = 0; i < list.Length(); ++i) {
      const Napi::Value item = list[i];
      owned_.push_back(unwrap<T>(item));
      raw_.push_back(owned_.back().get());
    }
    raw_.push_back(nullptr);  // never empty
  }
  const T* const* data() const { return raw_.data(); }

 private:
  std::vector<Owned<T>> owned_;
  std::vector<const T*> raw_;
};

inline std::string text(const Napi::Value& value) {
  return value.As<Napi::String>().Utf8Value();
}

inline int64_t whole(const Napi::Value& value) {
  return value.As<Napi::Number>().Int64Value();
}

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
void export_operator(Napi::Env env, Napi::Object exports);

}  // namespace vx11::node
