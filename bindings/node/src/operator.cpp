#include "jobs.hpp"

namespace vx11::node {
namespace {

/// Freed on the pool: it may free the health aggregator, which waits for checks in progress.
void free_aside(vx11_operator* api) {
  if (!run_aside(Wait::stores, [api] { vx11_operator_free(api); })) vx11_operator_free(api);
}

Napi::Value make(const Napi::CallbackInfo& info) {
  vx11_operator* api = nullptr;
  char* error = nullptr;
  check(info.Env(),
        vx11_operator_new(text(info[0]).c_str(), unwrap<vx11_router>(info[1]).get(),
                          unwrap<vx11_health>(info[2]).get(), unwrap<vx11_power>(info[3]).get(),
                          unwrap<vx11_sessions>(info[4]).get(), &api, &error),
        error);
  return wrap(info.Env(), api, free_aside);
}

Napi::Value response_value(Napi::Env env, const vx11_response* response) {
  auto headers = Napi::Array::New(env);
  for (uint32_t i = 0; i < vx11_response_header_count(response); ++i) {
    auto pair = Napi::Array::New(env);
    pair.Set(0u, vx11_response_header_name(response, i));
    pair.Set(1u, vx11_response_header_value(response, i));
    headers.Set(i, pair);
  }
  std::size_t size = 0;
  const char* body = vx11_response_body(response, &size);
  auto value = Napi::Object::New(env);
  value.Set("status", vx11_response_status(response));
  value.Set("headers", headers);
  value.Set("body", Napi::Buffer<char>::Copy(env, body, size));
  return value;
}

Napi::Value handle(const Napi::CallbackInfo& info) {
  const auto headers = std::make_shared<Pairs>(info[3]);
  return promise(
      info.Env(), {Wait::asks, whole(info[5]), unwrap<vx11_stop>(info[6])},
      [api = unwrap<vx11_operator>(info[0]), method = text(info[1]), target = text(info[2]),
       headers, body = bytes(info[4])](int64_t left_ms, const vx11_stop* stop) -> Answer {
        vx11_response* response = nullptr;
        char* error = nullptr;
        const vx11_code code = vx11_operator_handle(api.get(), method.c_str(), target.c_str(),
                                                    headers->data(), headers->count(), body.data(),
                                                    body.size(), left_ms, stop, &response, &error);
        if (code != VX11_OK) return answer(code, nullptr, error);
        return [owned = Owned<vx11_response>(response, vx11_response_free)](Napi::Env env) {
          return response_value(env, owned.get());
        };
      });
}

void drain(const Napi::CallbackInfo& info) {
  vx11_operator_drain(unwrap<vx11_operator>(info[0]).get());
}

}  // namespace

void export_operator(Napi::Env env, Napi::Object exports) {
  exports.Set("operatorNew", Napi::Function::New(env, make));
  exports.Set("operatorHandle", Napi::Function::New(env, handle));
  exports.Set("operatorDrain", Napi::Function::New(env, drain));
}

}  // namespace vx11::node
