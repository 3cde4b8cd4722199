#include "jobs.hpp"

namespace vx11::node {
namespace {

/// The handle of the stream once its first piece has arrived. One that JavaScript never receives
/// is freed with the answer.
Answer opened(vx11_code code, vx11_stream* stream, char* error) {
  if (code != VX11_OK) return answer(code, nullptr, error);
  return [owned = Owned<vx11_stream>(stream, vx11_stream_free)](Napi::Env env) -> Napi::Value {
    return wrap(env, owned);
  };
}

Napi::Value router_stream(const Napi::CallbackInfo& info) {
  Call call{Wait::asks, whole(info[2]), unwrap<vx11_stop>(info[3])};
  return promise(info.Env(), std::move(call),
                 [router = unwrap<vx11_router>(info[0]), chat = text(info[1])](
                     int64_t left_ms, const vx11_stop* stop) {
                   vx11_stream* stream = nullptr;
                   char* error = nullptr;
                   const vx11_code code = vx11_router_stream(router.get(), chat.c_str(), left_ms,
                                                             stop, &stream, &error);
                   return opened(code, stream, error);
                 });
}

/// The timeout of a read whose time has passed before a thread took it: it is not the upstream's.
Answer no_thread() {
  return [](Napi::Env env) -> Napi::Value {
    throw Napi::Error::New(
        env, R"({"code":"timeout","detail":"no thread was free within the timeout"})");
  };
}

/// The pieces that have arrived, as JSON; "" at the end.
Napi::Value stream_read(const Napi::CallbackInfo& info) {
  Call call{Wait::asks, whole(info[1]), unwrap<vx11_stop>(info[2])};
  return promise(info.Env(), std::move(call),
                 [stream = unwrap<vx11_stream>(info[0]), given_ms = whole(info[1])](
                     int64_t left_ms, const vx11_stop* stop) {
                   if (left_ms == 0 && given_ms > 0) return no_thread();
                   char *pieces = nullptr, *error = nullptr;
                   const vx11_code code =
                       vx11_stream_read(stream.get(), left_ms, stop, &pieces, &error);
                   return answer(code, pieces, error);
                 });
}

Napi::Value stream_summary(const Napi::CallbackInfo& info) {
  char *summary = nullptr, *error = nullptr;
  const vx11_code code = vx11_stream_summary(unwrap<vx11_stream>(info[0]).get(), &summary, &error);
  return answer(code, summary, error)(info.Env());
}

/// Frees it now, rather than with its object. Never waits: nothing is delivered by callback here.
void stream_free(const Napi::CallbackInfo& info) {
  vx11_stream_free(unwrap<vx11_stream>(info[0]).get());
}

}  // namespace

void export_stream(Napi::Env env, Napi::Object exports) {
  exports.Set("routerStream", Napi::Function::New(env, router_stream));
  exports.Set("streamRead", Napi::Function::New(env, stream_read));
  exports.Set("streamSummary", Napi::Function::New(env, stream_summary));
  exports.Set("streamFree", Napi::Function::New(env, stream_free));
}

}  // namespace vx11::node
