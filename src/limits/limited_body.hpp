#pragma once

/// \file
/// A streamed answer that occupies a place to its end. Internal.

#include <vx11/streaming.hpp>

#include <memory>
#include <string>
#include <utility>

#include "limits/chat_place.hpp"

namespace vx11 {
inline namespace v0 {
namespace limits {

class LimitedBody final : public BodyStream {
 public:
  /// \param owner of the place
  LimitedBody(std::shared_ptr<const void> owner, std::unique_ptr<BodyStream> inner, ChatPlace place)
      : owner_(std::move(owner)), place_(std::move(place)), inner_(std::move(inner)) {}
  ~LimitedBody() override {
    if (inner_->ended()) place_.complete(inner_->failed() ? 502 : 200);
  }

  Task<Result<std::string>> next(Deadline deadline) override {
    return inner_->next(std::move(deadline));
  }
  bool ended() const noexcept override { return inner_->ended(); }
  bool failed() const noexcept override { return inner_->failed(); }
  bool cut_short() noexcept override { return inner_->cut_short(); }
  ConnectionUpgrade* upgrade() noexcept override { return inner_->upgrade(); }

 private:
  std::shared_ptr<const void> owner_;
  ChatPlace place_;
  std::unique_ptr<BodyStream> inner_;
};

}  // namespace limits
}  // namespace v0
}  // namespace vx11
