#pragma once

/// \file
/// What a chat in progress occupies. Internal.

#include <vx11/adaptive_limit.hpp>
#include <vx11/request_limits.hpp>

#include <cstdint>
#include <optional>
#include <utility>

#include "limits/account_table.hpp"

namespace vx11 {
inline namespace v0 {
namespace limits {

/// A place among all chats and one among those of a principal, both freed on destruction.
class ChatPlace {
 public:
  ChatPlace() = default;
  ChatPlace(ChatPlace&& other) noexcept
      : permit_(std::exchange(other.permit_, std::nullopt)),
        accounts_(std::exchange(other.accounts_, nullptr)),
        key_(other.key_),
        mode_(other.mode_) {}
  ChatPlace& operator=(ChatPlace&&) = delete;
  ~ChatPlace() {
    if (accounts_ != nullptr) accounts_->release(key_);
  }

  void hold(AdaptiveLimit::Permit permit, ConcurrencyMode mode) noexcept {
    permit_.emplace(std::move(permit));
    mode_ = mode;
  }
  /// The account of `key` counts the chat already.
  void hold(AccountTable& accounts, std::uint64_t key) noexcept {
    accounts_ = &accounts;
    key_ = key;
  }

  /// The chat is complete: adjusts an adaptive limit. Otherwise a chat that ends is no evidence.
  void complete(int status) noexcept {
    if (!permit_ || mode_ == ConcurrencyMode::fixed) return;
    if (status >= 500) permit_->failure();
    if (status < 400) permit_->success();
  }

 private:
  std::optional<AdaptiveLimit::Permit> permit_ = std::nullopt;
  AccountTable* accounts_ = nullptr;
  std::uint64_t key_ = 0;
  ConcurrencyMode mode_ = ConcurrencyMode::fixed;
};

}  // namespace limits
}  // namespace v0
}  // namespace vx11
