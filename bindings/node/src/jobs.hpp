#pragma once

/// \file
/// Work off the main thread, and what the C interface hands out, as JavaScript sees them.

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <napi.h>
#include <vx11.h>

namespace vx11::node {

/// Runs `work` on one of a few threads of the addon's own. Not on those of libuv: they are four,
/// and a transport written in JavaScript may itself need one while an ask waits for it.
void run_aside(std::function<void()> work);

/// The way back to the main thread for one function of it. Node may take it down, at the end of a
/// process or a worker, while other threads still hold it; from then on calls are refused.
class MainThread {
 public:
  using Call = std::function<void(Napi::Env, Napi::Function)>;

  static std::shared_ptr<MainThread> of(Napi::Env env, const Napi::Function& function);
  /// Lets the process end while only this is left.
  void unref(Napi::Env env) { function_.Unref(env); }
  /// Queues a call from any thread.
  /// \return whether it was taken
  bool call(Call call);
  /// No call will follow.
  void release();

 private:
  std::mutex mutex_;
  bool gone_ = false;
  Napi::ThreadSafeFunction function_;
};

/// What a job came to; called on the main thread, where it makes a value or throws Napi::Error.
using Answer = std::function<Napi::Value(Napi::Env)>;

/// A promise for the answer of `work`, which runs aside. The process lives until it is settled.
Napi::Promise promise(Napi::Env env, std::function<Answer()> work);

/// Text that the library handed out, given back to it.
std::string taken(char* text);

/// The value of a successful call, or its error as the text of an exception.
Answer answer(vx11_code code, char* text, char* error);

/// Throws what a call reported. The error is taken by reference, since the call that sets it is
/// mostly an argument beside it.
void check(Napi::Env env, vx11_code code, char* const& error);

/// A handle of the library's, alive while a JavaScript value or a job refers to it.
template <class T>
using Owned = std::shared_ptr<T>;

template <class T>
Napi::Value wrap(Napi::Env env, T* handle, void (*free)(T*)) {
  auto* box = new Owned<T>(handle, free);
  return Napi::External<Owned<T>>::New(env, box, [](Napi::Env, Owned<T>* held) { delete held; });
}

/// The handle in an argument; none for null.
template <class T>
Owned<T> unwrap(const Napi::Value& value) {
  if (!value.IsExternal()) return nullptr;
  return *value.As<Napi::External<Owned<T>>>().Data();
}

/// An array of handles, kept alive, and as the C interface takes it.
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

/// Name and value by turns, as the C interface takes them.
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
