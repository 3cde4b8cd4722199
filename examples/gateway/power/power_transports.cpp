#include "gateway/power/power_transports.hpp"

#include <vx11/streaming.hpp>

#include <string>
#include <utility>

namespace gateway {

namespace {

using vx11::BodyStream;
using vx11::Deadline;
using vx11::HttpRequest;
using vx11::HttpResponse;
using vx11::Result;
using vx11::StreamedResponse;
using vx11::StreamingTransport;
using vx11::Task;
using vx11::Transport;

class InUse {
 public:
  explicit InUse(std::shared_ptr<SwitchUse> use) noexcept : use_(std::move(use)) { use_->begin(); }
  InUse(InUse&& other) noexcept = default;
  InUse& operator=(InUse&& other) = delete;
  ~InUse() {
    if (use_ != nullptr) use_->end();
  }

 private:
  std::shared_ptr<SwitchUse> use_;
};

/// A body whose switch is in use until it is destroyed.
class UsedBody final : public BodyStream {
 public:
  UsedBody(std::unique_ptr<BodyStream> inner, InUse use)
      : inner_(std::move(inner)), use_(std::move(use)) {}

  Task<Result<std::string>> next(Deadline deadline) override {
    return inner_->next(std::move(deadline));
  }
  bool ended() const noexcept override { return inner_->ended(); }
  bool failed() const noexcept override { return inner_->failed(); }
  vx11::ConnectionUpgrade* upgrade() noexcept override { return inner_->upgrade(); }

 private:
  std::unique_ptr<BodyStream> inner_;
  InUse use_;
};

/// The sent request keeps the transport: its caller may have left.
template <class Holder>
Task<Result<HttpResponse>> send_holding(std::shared_ptr<Transport> inner, Holder held,
                                        const HttpRequest& request, Deadline deadline) {
  Task<Result<HttpResponse>> sending = inner->send(request, std::move(deadline));
  Result<HttpResponse> response = co_await std::move(sending);
  [[maybe_unused]] const Holder until_here = std::move(held);
  co_return std::move(response);
}

Task<Result<StreamedResponse>> open_used([[maybe_unused]] std::shared_ptr<Transport> owner,
                                         StreamingTransport* inner, InUse use,
                                         const HttpRequest& request, Deadline deadline) {
  Task<Result<StreamedResponse>> opening = inner->open(request, std::move(deadline));
  Result<StreamedResponse> opened = co_await std::move(opening);
  const bool has_body = opened && opened->body != nullptr;
  if (has_body) {
    opened->body = std::make_unique<UsedBody>(std::move(opened->body), std::move(use));
  }
  co_return std::move(opened);
}

class UsedTransport final : public StreamingTransport {
 public:
  UsedTransport(std::shared_ptr<Transport> inner, StreamingTransport* streaming,
                std::shared_ptr<SwitchUse> use)
      : inner_(std::move(inner)), streaming_(streaming), use_(std::move(use)) {}

  Task<Result<HttpResponse>> send(const HttpRequest& request, Deadline deadline) override {
    return send_holding(inner_, InUse(use_), request, std::move(deadline));
  }
  Task<Result<StreamedResponse>> open(const HttpRequest& request, Deadline deadline) override {
    return open_used(inner_, streaming_, InUse(use_), request, std::move(deadline));
  }
  bool blocks() const noexcept override { return inner_->blocks(); }

 private:
  std::shared_ptr<Transport> inner_;
  StreamingTransport* streaming_;  ///< The same.
  std::shared_ptr<SwitchUse> use_;
};

class WholeUsedTransport final : public Transport {
 public:
  WholeUsedTransport(std::shared_ptr<Transport> inner, std::shared_ptr<SwitchUse> use)
      : inner_(std::move(inner)), use_(std::move(use)) {}

  Task<Result<HttpResponse>> send(const HttpRequest& request, Deadline deadline) override {
    return send_holding(inner_, InUse(use_), request, std::move(deadline));
  }
  bool blocks() const noexcept override { return inner_->blocks(); }

 private:
  std::shared_ptr<Transport> inner_;
  std::shared_ptr<SwitchUse> use_;
};

class CommandTransport final : public Transport {
 public:
  CommandTransport(std::shared_ptr<Transport> inner, std::shared_ptr<vx11::PowerGovernor> governor)
      : inner_(std::move(inner)), governor_(std::move(governor)) {}

  Task<Result<HttpResponse>> send(const HttpRequest& request, Deadline deadline) override {
    if (request.method != "POST") return inner_->send(request, std::move(deadline));
    return send_holding(inner_, governor_->begin(), request, std::move(deadline));
  }
  bool blocks() const noexcept override { return inner_->blocks(); }

 private:
  std::shared_ptr<Transport> inner_;
  std::shared_ptr<vx11::PowerGovernor> governor_;
};

}  // namespace

std::shared_ptr<Transport> make_used_transport(std::shared_ptr<Transport> inner,
                                               std::shared_ptr<SwitchUse> use) {
  auto* const streaming = dynamic_cast<StreamingTransport*>(inner.get());
  if (streaming == nullptr) {
    return std::make_shared<WholeUsedTransport>(std::move(inner), std::move(use));
  }
  return std::make_shared<UsedTransport>(std::move(inner), streaming, std::move(use));
}

std::shared_ptr<Transport> make_command_transport(std::shared_ptr<Transport> inner,
                                                  std::shared_ptr<vx11::PowerGovernor> governor) {
  return std::make_shared<CommandTransport>(std::move(inner), std::move(governor));
}

}  // namespace gateway
