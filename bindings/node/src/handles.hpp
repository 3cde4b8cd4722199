#pragma once

/// \file
/// Handles of the library as JavaScript objects with a type tag.

#include <memory>
#include <utility>
#include <vector>

#include <napi.h>
#include <vx11.h>

namespace vx11::node {

/// The tag of a type: an object of another type, or of another addon, is a TypeError.
template <class T>
napi_type_tag tag_of();
template <>
inline napi_type_tag tag_of<vx11_stop>() {
  return {0x9d0c1f60b9b84a7e, 1};
}
template <>
inline napi_type_tag tag_of<vx11_breaker>() {
  return {0x9d0c1f60b9b84a7e, 2};
}
template <>
inline napi_type_tag tag_of<vx11_permit>() {
  return {0x9d0c1f60b9b84a7e, 3};
}
template <>
inline napi_type_tag tag_of<vx11_transport>() {
  return {0x9d0c1f60b9b84a7e, 4};
}
template <>
inline napi_type_tag tag_of<vx11_call>() {
  return {0x9d0c1f60b9b84a7e, 5};
}
template <>
inline napi_type_tag tag_of<vx11_router>() {
  return {0x9d0c1f60b9b84a7e, 6};
}
template <>
inline napi_type_tag tag_of<vx11_power>() {
  return {0x9d0c1f60b9b84a7e, 7};
}
template <>
inline napi_type_tag tag_of<vx11_health>() {
  return {0x9d0c1f60b9b84a7e, 8};
}
template <>
inline napi_type_tag tag_of<vx11_sessions>() {
  return {0x9d0c1f60b9b84a7e, 9};
}
template <>
inline napi_type_tag tag_of<vx11_operator>() {
  return {0x9d0c1f60b9b84a7e, 10};
}

template <>
inline napi_type_tag tag_of<vx11_stream>() {
  return {0x9d0c1f60b9b84a7e, 11};
}

/// A handle of the library, kept alive while a JavaScript value or a job refers to it.
template <class T>
using Owned = std::shared_ptr<T>;

/// An object that owns the handle.
template <class T>
Napi::Object wrap(Napi::Env env, Owned<T> handle) {
  auto box = std::make_unique<Owned<T>>(std::move(handle));
  auto object = Napi::Object::New(env);
  const napi_type_tag tag = tag_of<T>();
  object.TypeTag(&tag);
  const auto drop = [](napi_env, void* held, void*) { delete static_cast<Owned<T>*>(held); };
  if (napi_wrap(env, object, box.get(), drop, nullptr, nullptr) != napi_ok) {
    throw Napi::Error::New(env);
  }
  static_cast<void>(box.release());
  return object;
}

template <class T, class Free>
Napi::Object wrap(Napi::Env env, T* handle, Free free) {
  return wrap(env, Owned<T>(handle, free));
}

/// The handle in an argument; empty for null and undefined. Throws a TypeError for anything else.
template <class T>
Owned<T> unwrap(const Napi::Value& value) {
  if (value.IsNull() || value.IsUndefined()) return nullptr;
  const napi_type_tag tag = tag_of<T>();
  void* held = nullptr;
  if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&tag) ||
      napi_unwrap(value.Env(), value, &held) != napi_ok) {
    throw Napi::TypeError::New(value.Env(),
                               "the argument is a vx11 object of another type, or none");
  }
  return *static_cast<Owned<T>*>(held);
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

}  // namespace vx11::node
