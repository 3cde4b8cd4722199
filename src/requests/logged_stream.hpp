#pragma once

/// \file
/// A stream that is reported once it has ended. Internal.

#include <vx11/http_request_log.hpp>
#include <vx11/streaming.hpp>
#include <vx11/tracing.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace requests {

/// What a record has at the beginning of a stream, with its texts: the request is gone when the
/// stream ends. Small, since each stream that is open has one.
class OwnedRecord {
 public:
  /// \param traced null: the request is not traced
  OwnedRecord(const RequestRecord& record, const HttpRequest& request, const HttpAdmission& from,
              std::shared_ptr<RequestTrace> traced);

  /// With views into this object; without what the end of the stream says.
  RequestRecord view() const noexcept;
  void add_bytes(std::size_t size) noexcept { bytes_out_ += size; }
  RequestTrace* trace() const noexcept { return trace_.get(); }

 private:
  void add(std::string_view text);

  static constexpr std::size_t kTexts = 4;

  WallTime received_;
  std::string_view route_;
  std::string texts_ = {};  ///< Id, method, target, and the id of a trace that is not ours.
  std::array<std::uint32_t, kTexts> sizes_ = {};
  std::shared_ptr<RequestTrace> trace_;
  std::shared_ptr<const std::string> principal_;
  std::shared_ptr<const HttpPeer> peer_;
  std::size_t bytes_in_;
  std::size_t bytes_out_;
  int status_;
  bool is_sampled_;
  std::uint8_t texts_added_ = 0;
};

/// Forwards a stream and counts its bytes. Reports its end, or its destruction before that: the
/// client has left. `options` must outlive it.
class LoggedStream final : public BodyStream {
 public:
  LoggedStream(const RequestLogOptions& options, OwnedRecord record, TimePoint since,
               std::unique_ptr<BodyStream> body)
      : options_(options), record_(std::move(record)), since_(since), body_(std::move(body)) {}
  ~LoggedStream() override { report(end_if_left(), {}); }

  Task<Result<std::string>> next(Deadline deadline) override;
  bool ended() const noexcept override { return body_->ended(); }
  bool failed() const noexcept override { return body_->failed(); }
  bool cut_short() noexcept override { return body_->cut_short(); }
  ConnectionUpgrade* upgrade() noexcept override { return body_->upgrade(); }

 private:
  /// The end of a stream that was not read to its end, as that of another protocol never is.
  AnswerEnd end_if_left() noexcept {
    const bool is_done = body_->upgrade() != nullptr && !body_->failed();
    return is_done ? AnswerEnd::done : AnswerEnd::client_left;
  }
  Task<Result<std::string>> noted(Task<Result<std::string>> reading, std::stop_token stop);
  void note(const Result<std::string>& piece, bool is_cancelled);
  void report(AnswerEnd end, std::string_view last_piece) noexcept;

  const RequestLogOptions& options_;
  OwnedRecord record_;
  TimePoint since_;
  std::unique_ptr<BodyStream> body_;
  bool is_reported_ = false;
};

}  // namespace requests
}  // namespace v0
}  // namespace vx11
