#include "jobs.hpp"

namespace vx11::node {
namespace {

// ---- router

Napi::Value router_new(const Napi::CallbackInfo& info) {
  const Handles<vx11_transport> transports(info[1]);
  const Handles<vx11_breaker> breakers(info[2]);
  vx11_router* router = nullptr;
  char* error = nullptr;
  check(info.Env(),
        vx11_router_new(text(info[0]).c_str(), transports.data(), breakers.data(), &router, &error),
        error);
  return wrap(info.Env(), router, vx11_router_free);
}

Napi::Value router_ask(const Napi::CallbackInfo& info) {
  Call call{Wait::asks, whole(info[2]), unwrap<vx11_stop>(info[3])};
  return promise(info.Env(), std::move(call),
                 [router = unwrap<vx11_router>(info[0]), chat = text(info[1])](
                     int64_t left_ms, const vx11_stop* stop) {
                   char *reply = nullptr, *error = nullptr;
                   const vx11_code code =
                       vx11_router_ask(router.get(), chat.c_str(), left_ms, stop, &reply, &error);
                   return answer(code, reply, error);
                 });
}

Napi::Value router_breaker(const Napi::CallbackInfo& info) {
  vx11_breaker* breaker = nullptr;
  char* error = nullptr;
  const auto router = unwrap<vx11_router>(info[0]);
  check(info.Env(), vx11_router_breaker(router.get(), text(info[1]).c_str(), &breaker, &error),
        error);
  return wrap(info.Env(), breaker, vx11_breaker_free);
}

// ---- power

Napi::Value power_new(const Napi::CallbackInfo& info) {
  vx11_power* power = nullptr;
  char* error = nullptr;
  check(info.Env(),
        vx11_power_new(text(info[0]).c_str(), unwrap<vx11_transport>(info[1]).get(),
                       unwrap<vx11_breaker>(info[2]).get(), &power, &error),
        error);
  return wrap(info.Env(), power, vx11_power_free);
}

Napi::Value power_state(const Napi::CallbackInfo& info) {
  Call call{Wait::checks, whole(info[1]), unwrap<vx11_stop>(info[2])};
  return promise(info.Env(), std::move(call),
                 [power = unwrap<vx11_power>(info[0])](int64_t left_ms, const vx11_stop* stop) {
                   char *state = nullptr, *error = nullptr;
                   const vx11_code code =
                       vx11_power_state(power.get(), left_ms, stop, &state, &error);
                   return answer(code, state, error);
                 });
}

Napi::Value power_send(const Napi::CallbackInfo& info) {
  Call call{Wait::checks, whole(info[3]), unwrap<vx11_stop>(info[4])};
  return promise(info.Env(), std::move(call),
                 [power = unwrap<vx11_power>(info[0]),
                  command = static_cast<vx11_power_command>(whole(info[1])),
                  arguments = text(info[2])](int64_t left_ms, const vx11_stop* stop) {
                   char *said = nullptr, *error = nullptr;
                   const vx11_code code = vx11_power_send(power.get(), command, arguments.c_str(),
                                                          left_ms, stop, &said, &error);
                   return answer(code, said, error);
                 });
}

// ---- health

/// Freed on the pool: it waits for checks in progress, which may need the main thread.
void free_aside(vx11_health* health) {
  if (!run_aside(Wait::stores, [health] { vx11_health_free(health); })) vx11_health_free(health);
}

Napi::Value health_new(const Napi::CallbackInfo& info) {
  const Handles<vx11_transport> transports(info[1]);
  const Handles<vx11_breaker> breakers(info[2]);
  vx11_health* health = nullptr;
  char* error = nullptr;
  check(info.Env(),
        vx11_health_new(text(info[0]).c_str(), transports.data(), breakers.data(),
                        unwrap<vx11_power>(info[3]).get(), &health, &error),
        error);
  return wrap(info.Env(), health, free_aside);
}

Napi::Value health_check(const Napi::CallbackInfo& info) {
  Call call{Wait::checks, whole(info[1]), unwrap<vx11_stop>(info[2])};
  return promise(info.Env(), std::move(call),
                 [health = unwrap<vx11_health>(info[0])](int64_t left_ms, const vx11_stop* stop) {
                   char *report = nullptr, *error = nullptr;
                   const vx11_code code =
                       vx11_health_check(health.get(), left_ms, stop, &report, &error);
                   return answer(code, report, error);
                 });
}

// ---- sessions

Napi::Value sessions_new(const Napi::CallbackInfo& info) {
  const std::string limits = text(info[1]);
  vx11_sessions* sessions = nullptr;
  char* error = nullptr;
  const vx11_code code =
      info[0].IsString()
          ? vx11_sessions_sqlite(text(info[0]).c_str(), limits.c_str(), &sessions, &error)
          : vx11_sessions_memory(limits.c_str(), &sessions, &error);
  check(info.Env(), code, error);
  return wrap(info.Env(), sessions, vx11_sessions_free);
}

Napi::Value sessions_recent(const Napi::CallbackInfo& info) {
  return promise(info.Env(), {},
                 [sessions = unwrap<vx11_sessions>(info[0]), id = text(info[1]),
                  count = static_cast<std::size_t>(whole(info[2]))](int64_t, const vx11_stop*) {
                   char *messages = nullptr, *error = nullptr;
                   const vx11_code code =
                       vx11_sessions_recent(sessions.get(), id.c_str(), count, &messages, &error);
                   return answer(code, messages, error);
                 });
}

Napi::Value sessions_find(const Napi::CallbackInfo& info) {
  return promise(
      info.Env(), {},
      [sessions = unwrap<vx11_sessions>(info[0]), id = text(info[1])](int64_t, const vx11_stop*) {
        char *session = nullptr, *error = nullptr;
        const vx11_code code = vx11_sessions_find(sessions.get(), id.c_str(), &session, &error);
        return answer(code, session, error);
      });
}

Napi::Value sessions_append(const Napi::CallbackInfo& info) {
  return promise(info.Env(), {},
                 [sessions = unwrap<vx11_sessions>(info[0]), id = text(info[1]),
                  user = text(info[2]), turn = text(info[3])](int64_t, const vx11_stop*) {
                   char* error = nullptr;
                   const vx11_code code = vx11_sessions_append(sessions.get(), id.c_str(),
                                                               user.c_str(), turn.c_str(), &error);
                   return answer(code, nullptr, error);
                 });
}

// ---- stop

Napi::Value stop_new(const Napi::CallbackInfo& info) {
  return wrap(info.Env(), vx11_stop_new(), vx11_stop_free);
}

void stop_request(const Napi::CallbackInfo& info) {
  vx11_stop_request(unwrap<vx11_stop>(info[0]).get());
}

}  // namespace

void export_parts(Napi::Env env, Napi::Object exports) {
  exports.Set("routerNew", Napi::Function::New(env, router_new));
  exports.Set("routerAsk", Napi::Function::New(env, router_ask));
  exports.Set("routerBreaker", Napi::Function::New(env, router_breaker));
  exports.Set("powerNew", Napi::Function::New(env, power_new));
  exports.Set("powerState", Napi::Function::New(env, power_state));
  exports.Set("powerSend", Napi::Function::New(env, power_send));
  exports.Set("healthNew", Napi::Function::New(env, health_new));
  exports.Set("healthCheck", Napi::Function::New(env, health_check));
  exports.Set("sessionsNew", Napi::Function::New(env, sessions_new));
  exports.Set("sessionsRecent", Napi::Function::New(env, sessions_recent));
  exports.Set("sessionsFind", Napi::Function::New(env, sessions_find));
  exports.Set("sessionsAppend", Napi::Function::New(env, sessions_append));
  exports.Set("stopNew", Napi::Function::New(env, stop_new));
  exports.Set("stopRequest", Napi::Function::New(env, stop_request));
}

}  // namespace vx11::node
