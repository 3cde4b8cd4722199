#include "jobs.hpp"

#include <condition_variable>
#include <deque>
#include <thread>

namespace vx11::node {
namespace {

/// A pool that starts threads on demand up to a limit and queues further jobs. Never destroyed:
/// threads may still wait for upstreams when the process ends.
class Threads {
 public:
  void run(std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(work));
    if (idle_ < waiting_.size() && started_ < kMost) {
      ++started_;
      std::thread([this] { serve(); }).detach();
    }
    changed_.notify_one();
  }

 private:
  static constexpr std::size_t kMost = 64;

  [[noreturn]] void serve() {
    std::unique_lock lock(mutex_);
    while (true) {
      ++idle_;
      changed_.wait(lock, [this] { return !waiting_.empty(); });
      --idle_;
      const auto work = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      work();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  std::size_t idle_ = 0;
  std::size_t started_ = 0;
};

void settle(Napi::Env env, const Napi::Promise::Deferred& deferred, const Answer& answer) {
  try {
    deferred.Resolve(answer(env));
  } catch (const Napi::Error& error) {
    deferred.Reject(error.Value());
  }
}

}  // namespace

void run_aside(std::function<void()> work) {
  static Threads& threads = *new Threads;
  threads.run(std::move(work));
}

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
  return !gone_ && function_.NonBlockingCall(std::move(call)) == napi_ok;
}

void MainThread::release() {
  const std::lock_guard lock(mutex_);
  if (!gone_) function_.Release();
}

Napi::Promise promise(Napi::Env env, std::function<Answer()> work) {
  const auto deferred = Napi::Promise::Deferred::New(env);
  const auto main = MainThread::of(env, Napi::Function::New(env, [](const Napi::CallbackInfo&) {}));
  run_aside([deferred, main, work = std::move(work)] {
    main->call([deferred, answer = work()](Napi::Env env, Napi::Function) {
      settle(env, deferred, answer);
    });
    main->release();
  });
  return deferred.Promise();
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
  export_operator(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(vx11, initialise)
