#include "jobs.hpp"

namespace vx11::node {
namespace {

Napi::Value make(const Napi::CallbackInfo& info) {
  vx11_transport* transport = nullptr;
  char* error = nullptr;
  check(info.Env(), vx11_transport_new(text(info[0]).c_str(), &transport, &error), error);
  return wrap(info.Env(), transport, vx11_transport_free);
}

Napi::Array headers_of(Napi::Env env, const vx11_call* call) {
  auto headers = Napi::Array::New(env);
  for (uint32_t i = 0; i < vx11_call_header_count(call); ++i) {
    auto pair = Napi::Array::New(env);
    pair.Set(0u, vx11_call_header_name(call, i));
    pair.Set(1u, vx11_call_header_value(call, i));
    headers.Set(i, pair);
  }
  return headers;
}

Napi::Object request_of(Napi::Env env, const vx11_call* call) {
  std::size_t size = 0;
  const char* body = vx11_call_body(call, &size);
  auto request = Napi::Object::New(env);
  request.Set("method", vx11_call_method(call));
  request.Set("origin", vx11_call_origin(call));
  request.Set("target", vx11_call_target(call));
  request.Set("headers", headers_of(env, call));
  request.Set("body", Napi::Buffer<char>::Copy(env, body, size));
  request.Set("remainingMs", Napi::Number::New(env, double(vx11_call_remaining_ms(call))));
  return request;
}

/// A custom transport: its function, and the environment that it is called in.
struct Custom {
  std::shared_ptr<MainThread> main;
  std::shared_ptr<Environment> environment;
};

/// Ends a call; a second time has no effect.
void fail(const Custom& custom, vx11_call* call, const char* detail) {
  custom.environment->remove(call);
  vx11_call_fail(call, VX11_UNREACHABLE, detail);
}

/// On the main thread: passes the request and the call to the function.
void deliver(const Custom& custom, Napi::Env env, Napi::Function send, vx11_call* call) {
  try {
    const auto keep = [](vx11_call*) {};  // the call is ended by its completion, not by its owner
    send.Call({request_of(env, call), wrap(env, call, keep)});
  } catch (const Napi::Error&) {  // before the function received the call; it does not throw itself
    fail(custom, call, nullptr);
  }
}

/// On the requesting thread.
void send(void* context, vx11_call* call) {
  const Custom& custom = *static_cast<Custom*>(context);
  if (!custom.environment->add(call)) return fail(custom, call, "the worker has ended");
  const bool queued = custom.main->call(
      [custom, call](Napi::Env env, Napi::Function send) { deliver(custom, env, send, call); });
  if (!queued) fail(custom, call, "the worker has ended");
}

void release(void* context) {
  const std::unique_ptr<Custom> custom(static_cast<Custom*>(context));
  custom->main->release();
}

Napi::Value make_custom(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsFunction()) throw Napi::TypeError::New(env, "the argument is not a function");
  auto custom = std::make_unique<Custom>(
      Custom{MainThread::of(env, info[0].As<Napi::Function>()), Environment::of(env)});
  custom->main->unref(env);  // only an ask in progress keeps the process alive
  vx11_transport* transport = nullptr;
  char* error = nullptr;
  check(env, vx11_transport_custom(send, custom.get(), release, &transport, &error), error);
  static_cast<void>(custom.release());
  return wrap(env, transport, vx11_transport_free);
}

void answer_call(const Napi::CallbackInfo& info) {
  const auto call = unwrap<vx11_call>(info[0]);
  const Pairs headers(info[2]);
  const std::string body = bytes(info[3]);
  const int64_t status = whole(info[1]);
  Environment::of(info.Env())->remove(call.get());
  vx11_call_answer(call.get(), status < 100 || status > 599 ? 0 : static_cast<int>(status),
                   headers.data(), headers.count(), body.data(), body.size());
}

void fail_call(const Napi::CallbackInfo& info) {
  const auto call = unwrap<vx11_call>(info[0]);
  const std::string detail = text(info[2]);
  Environment::of(info.Env())->remove(call.get());
  vx11_call_fail(call.get(), static_cast<vx11_code>(whole(info[1])), detail.c_str());
}

}  // namespace

void export_transport(Napi::Env env, Napi::Object exports) {
  exports.Set("transportNew", Napi::Function::New(env, make));
  exports.Set("transportCustom", Napi::Function::New(env, make_custom));
  exports.Set("callAnswer", Napi::Function::New(env, answer_call));
  exports.Set("callFail", Napi::Function::New(env, fail_call));
}

}  // namespace vx11::node
