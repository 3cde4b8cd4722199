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

/// On the main thread: passes the request and the call to the function.
void deliver(Napi::Env env, Napi::Function send, vx11_call* call) {
  try {
    send.Call({request_of(env, call), Napi::External<vx11_call>::New(env, call)});
  } catch (const Napi::Error&) {  // before the function received the call; it does not throw itself
    vx11_call_fail(call, VX11_UNREACHABLE, nullptr);
  }
}

using Context = std::shared_ptr<MainThread>;

/// On the requesting thread.
void send(void* context, vx11_call* call) {
  const bool queued =
      (*static_cast<Context*>(context))->call([call](Napi::Env env, Napi::Function send) {
        deliver(env, send, call);
      });
  if (!queued) vx11_call_fail(call, VX11_UNREACHABLE, "the process is ending");
}

void release(void* context) {
  const std::unique_ptr<Context> main(static_cast<Context*>(context));
  (*main)->release();
}

Napi::Value make_custom(const Napi::CallbackInfo& info) {
  auto main = std::make_unique<Context>(MainThread::of(info.Env(), info[0].As<Napi::Function>()));
  (*main)->unref(info.Env());  // only an ask in progress keeps the process alive
  vx11_transport* transport = nullptr;
  char* error = nullptr;
  check(info.Env(), vx11_transport_custom(send, main.get(), release, &transport, &error), error);
  static_cast<void>(main.release());
  return wrap(info.Env(), transport, vx11_transport_free);
}

void answer_call(const Napi::CallbackInfo& info) {
  vx11_call* call = info[0].As<Napi::External<vx11_call>>().Data();
  const Pairs headers(info[2]);
  const std::string body = bytes(info[3]);
  vx11_call_answer(call, static_cast<int>(whole(info[1])), headers.data(), headers.count(),
                   body.data(), body.size());
}

void fail_call(const Napi::CallbackInfo& info) {
  vx11_call_fail(info[0].As<Napi::External<vx11_call>>().Data(),
                 static_cast<vx11_code>(whole(info[1])), text(info[2]).c_str());
}

}  // namespace

void export_transport(Napi::Env env, Napi::Object exports) {
  exports.Set("transportNew", Napi::Function::New(env, make));
  exports.Set("transportCustom", Napi::Function::New(env, make_custom));
  exports.Set("callAnswer", Napi::Function::New(env, answer_call));
  exports.Set("callFail", Napi::Function::New(env, fail_call));
}

}  // namespace vx11::node
