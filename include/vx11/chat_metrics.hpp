#pragma once

/// \file
/// Counts chats by target and model, for `GET /metrics`.

#include <vx11/attempt.hpp>
#include <vx11/chat.hpp>
#include <vx11/clock.hpp>
#include <vx11/detail/owned.hpp>
#include <vx11/export.hpp>
#include <vx11/metric_family.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// A target as metrics label it.
struct ChatTargetLabels {
  std::string name = {};  ///< As `RouterTarget::name`.
  /// The `gen_ai.provider.name` of OpenTelemetry: `openai`, `anthropic`, … Default: what is neither
  /// has the name of this library.
  std::string provider = "vx11";
  std::string model = {};  ///< The model that it is asked for; empty: it has none.
  /// Whether embeddings are counted for it, too. Default: most targets are for chats alone.
  bool embeddings = false;
};

/// What a chat asked for.
enum class ChatOperation : unsigned char { chat, embeddings };

/// A chat that has ended. Views, valid during the call that gets it.
struct EndedChat {
  explicit EndedChat(std::span<const Attempt> tried) noexcept : attempts(tried) {}

  std::span<const Attempt> attempts;
  /// The target that answered; empty: that of the attempt that did.
  std::string_view source = {};
  const ChatEnding* ending = nullptr;                  ///< Null: there is none.
  std::optional<Duration> first_piece = std::nullopt;  ///< Of a stream, from the request's head.
  Duration total = {};  ///< From the request's head to the end of the answer.
  bool is_streamed = false;
  bool is_good = false;  ///< The answer is complete.
  ChatOperation operation = ChatOperation::chat;
};

/// Chats by target: attempts, fallbacks, tokens, and the histograms of the GenAI semantic
/// conventions of OpenTelemetry by provider and model.
///
/// Every series exists from the start: targets are known then, and a target that is not is not
/// counted. Targets of the same provider and model share their series. Counting takes no lock and
/// allocates nothing. **Thread-safe.** Pass one object to all APIs of a program.
class VX11_API ChatMetrics {
 public:
  static std::shared_ptr<ChatMetrics> create(std::vector<ChatTargetLabels> targets);
  /// For other targets, such as those of a configuration that was read again: what both have counts
  /// on, and what this one has counted is not forgotten if it is configured again later.
  std::shared_ptr<ChatMetrics> successor(std::vector<ChatTargetLabels> targets) const;
  ChatMetrics(const ChatMetrics&) = delete;
  ChatMetrics& operator=(const ChatMetrics&) = delete;
  ~ChatMetrics();

  void ended(const EndedChat& chat) noexcept;
  /// Text of a stream has arrived.
  /// \param since the text before it
  void piece_arrived(Duration since) noexcept;

  /// They share the counters.
  static std::vector<MetricFamily> families(const std::shared_ptr<const ChatMetrics>& metrics);

 private:
  struct Impl;
  explicit ChatMetrics(std::unique_ptr<Impl> impl) noexcept;
  detail::Owned<Impl> impl_;
};

}  // namespace v0
}  // namespace vx11
