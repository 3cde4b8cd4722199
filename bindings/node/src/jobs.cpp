#include "jobs.hpp"

#include <cmath>

namespace vx11::node {
namespace {

void settle(Napi::Env env, const Napi::Promise::Deferred& deferred, const Answer& answer) {
  try {
    deferred.Resolve(answer(env));
  } catch (const Napi::Error& error) {
    deferred.Reject(error.Value());
  }
}

}  // namespace

std::shared_ptr<MainThread> MainThread::of(Napi::Env env, const Napi::Function& function) {
  auto main = std::make_shared<MainThread>();
  main->function_ = Napi::ThreadSafeFunction::New(env, function, "vx11", 0, 1, [main](Napi::Env) {
    const std::lock_guard lock(main->mutex_);
    main->gone_ = true;
  });
  return main;
}

bool MainThread::call(Call call) {
  const std::lock_guard lock(mutex_);
  if (gone_) return false;
  const napi_status status = function_.NonBlockingCall(std::move(call));
  if (status == napi_closing) gone_ = true;  // which released it
  return status == napi_ok;
}

void MainThread::release() {
  const std::lock_guard lock(mutex_);
  if (!gone_) function_.Release();
}

namespace {

/// A call under way on a thread of the addon.
struct Job {
  Napi::Promise::Deferred deferred;
  std::shared_ptr<MainThread> main;
  std::shared_ptr<Environment> environment;
  std::shared_ptr<vx11_stop> stop;
  Limit limit;
  Work work;

  void run() const {
    auto answer = work(limit.left_ms(), stop.get());
    environment->remove(stop);
    main->call([deferred = deferred, answer = std::move(answer)](Napi::Env env, Napi::Function) {
      settle(env, deferred, answer);
    });
    main->release();
  }
};

}  // namespace

Napi::Promise promise(Napi::Env env, Call call, Work work) {
  const auto nothing = Napi::Function::New(env, [](const Napi::CallbackInfo&) {});
  if (!call.stop) call.stop = {vx11_stop_new(), vx11_stop_free};
  const auto job = std::make_shared<Job>(
      Job{Napi::Promise::Deferred::New(env), MainThread::of(env, nothing), Environment::of(env),
          std::move(call.stop), Limit(call.limit_ms), std::move(work)});
  if (!job->environment->add(job->stop)) vx11_stop_request(job->stop.get());
  if (!run_aside(call.wait, [job] { job->run(); })) {
    job->environment->remove(job->stop);
    job->main->release();
    job->deferred.Reject(
        Napi::Error::New(env, R"({"code":"exhausted","detail":"no thread could be started"})")
            .Value());
  }
  return job->deferred.Promise();
}

std::string taken(char* text) {
  const std::string copy = text ? text : "";
  vx11_free(text);
  return copy;
}

Answer answer(vx11_code code, char* text, char* error) {
  if (code == VX11_OK) {
    return
        [json = taken(text)](Napi::Env env) -> Napi::Value { return Napi::String::New(env, json); };
  }
  return [json = taken(error)](Napi::Env env) -> Napi::Value { throw Napi::Error::New(env, json); };
}

void check(Napi::Env env, vx11_code code, char* const& error) {
  if (code != VX11_OK) throw Napi::Error::New(env, taken(error));
}

std::string text(const Napi::Value& value) {
  if (!value.IsString()) throw Napi::TypeError::New(value.Env(), "the argument is not text");
  std::string text = value.As<Napi::String>().Utf8Value();
  if (text.find('\0') == std::string::npos) return text;
  throw Napi::TypeError::New(value.Env(), "the text contains NUL");
}

int64_t whole(const Napi::Value& value) {
  if (value.IsNumber() && std::isfinite(value.As<Napi::Number>().DoubleValue())) {
    return value.As<Napi::Number>().Int64Value();
  }
  throw Napi::TypeError::New(value.Env(), "the argument is not a finite number");
}

Pairs::Pairs(const Napi::Value& flat) {
  const auto list = flat.As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); ++i) {
    const Napi::Value item = list[i];
    texts_.push_back(text(item));
  }
  for (const std::string& each : texts_) raw_.push_back(each.c_str());
  raw_.push_back(nullptr);
}

std::string bytes(const Napi::Value& buffer) {
  if (!buffer.IsBuffer()) throw Napi::TypeError::New(buffer.Env(), "the argument is not a Buffer");
  const auto view = buffer.As<Napi::Buffer<char>>();
  return std::string(view.Data(), view.Length());
}

}  // namespace vx11::node

namespace {

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  using namespace vx11::node;
  if (vx11_abi_version() != VX11_ABI_VERSION) {
    throw Napi::Error::New(env, "libvx11_c has another ABI version");
  }
  exports.Set("version", vx11_version());
  export_breaker(env, exports);
  export_transport(env, exports);
  export_parts(env, exports);
  export_stream(env, exports);
  export_operator(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(vx11, initialise)
