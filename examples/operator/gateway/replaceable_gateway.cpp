#include "operator/gateway/replaceable_gateway.hpp"

#include <utility>

namespace backend {

namespace {

/// A stream and the client that it comes from.
class KeptBody final : public vx11::BodyStream {
 public:
  KeptBody(std::shared_ptr<GatewayClient> client, std::unique_ptr<vx11::BodyStream> body)
      : client_(std::move(client)), body_(std::move(body)) {}

  vx11::Task<vx11::Result<std::string>> next(vx11::Deadline deadline) override {
    return body_->next(std::move(deadline));
  }
  bool ended() const noexcept override { return body_->ended(); }
  bool failed() const noexcept override { return body_->failed(); }
  vx11::ConnectionUpgrade* upgrade() noexcept override { return body_->upgrade(); }

 private:
  const std::shared_ptr<GatewayClient> client_;
  const std::unique_ptr<vx11::BodyStream> body_;  ///< Last: it uses the client.
};

}  // namespace

void ReplaceableGateway::replace(std::shared_ptr<GatewayClient> client) {
  const std::lock_guard lock(mutex_);
  client_.swap(client);
}

std::shared_ptr<GatewayClient> ReplaceableGateway::current() const {
  const std::lock_guard lock(mutex_);
  return client_;
}

vx11::Task<vx11::Result<vx11::HttpResponse>> ReplaceableGateway::send(GatewayRequest request,
                                                                      vx11::Deadline deadline) {
  const std::shared_ptr<GatewayClient> client = current();
  auto sending = client->send(std::move(request), std::move(deadline));
  vx11::Result<vx11::HttpResponse> answer = co_await std::move(sending);
  co_return answer;
}

vx11::Task<vx11::Result<vx11::StreamedResponse>> ReplaceableGateway::open(GatewayRequest request,
                                                                          vx11::Deadline deadline) {
  const std::shared_ptr<GatewayClient> client = current();
  auto opening = client->open(std::move(request), std::move(deadline));
  vx11::Result<vx11::StreamedResponse> answer = co_await std::move(opening);
  if (answer && answer->body != nullptr) {
    answer->body = std::make_unique<KeptBody>(client, std::move(answer->body));
  }
  co_return answer;
}

}  // namespace backend
