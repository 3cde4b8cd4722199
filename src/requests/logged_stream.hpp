#pragma once

/// \file
/// A stream that is reported once it has ended. Internal.

#include <vx11/http_request_log.hpp>
#include <vx11/streaming.hpp>
#include <vx11/tracing.hpp>

#include <memory>
#include <string>

namespace vx11 {
inline namespace v0 {
namespace requests {

/// A record that owns its texts: the request is gone when its stream ends.
struct OwnedRecord {
  /// \param traced null: the request is not traced
  OwnedRecord(const RequestRecord& record, const HttpRequest& request, const HttpAdmission& from,
              std::shared_ptr<RequestTrace> traced);

  /// With views into this object.
  RequestRecord view() const noexcept;

  RequestRecord record;
  std::string request_id;
  std::shared_ptr<RequestTrace> trace;
  std::string trace_id;  ///< If it is not traced.
  std::string method;
  std::string target;
  std::shared_ptr<const std::string> principal;
  std::shared_ptr<const HttpPeer> peer;
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
  ConnectionUpgrade* upgrade() noexcept override { return body_->upgrade(); }

 private:
  /// The end of a stream that was not read to its end, as that of another protocol never is.
  AnswerEnd end_if_left() noexcept {
    const bool is_done = body_->upgrade() != nullptr && !body_->failed();
    return is_done ? AnswerEnd::done : AnswerEnd::client_left;
  }
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
