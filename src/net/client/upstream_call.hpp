#pragma once

/// \file
/// One request to an upstream, from the pool or a fresh connection to the answer. Internal.

#include <optional>
#include <stop_token>

#include "net/client/upstream_pool.hpp"
#include "net/http/response_reader.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// Runs on the loop's thread; used once. Whatever ends it early, the connection is closed and not
/// kept.
class UpstreamCall {
 public:
  UpstreamCall(Loop& loop, OriginPool& pool, const NetTransportOptions& options, Deadline deadline);
  ~UpstreamCall();
  UpstreamCall(const UpstreamCall&) = delete;
  UpstreamCall& operator=(const UpstreamCall&) = delete;

  /// Sends the request and reads the whole answer.
  Task<Result<void>> whole(const HttpRequest& request);

  /// Sends the request and reads as far as the head of the answer.
  Task<Result<void>> open(const HttpRequest& request);
  /// What has come of the answer; its body is what has come of it and was not taken.
  HttpResponse& response() noexcept { return reader_->response(); }
  bool has_piece() noexcept { return !reader_->response().body.empty(); }
  /// Reads on until there is a piece of the body, or it is complete; not after it is.
  Task<Result<void>> next_piece(TimePoint by);
  bool complete() const noexcept { return body_done_; }
  std::string take_body() { return reader_->take_body(); }

 private:
  /// Closes the connection when the caller goes away, from whichever thread says so.
  class Stop {
   public:
    explicit Stop(UpstreamConnectionPtr connection)
        : connection_(std::move(connection)), call_(connection_->calls) {}
    void operator()() const;

   private:
    UpstreamConnectionPtr connection_;
    std::uint64_t call_;
  };

  enum class Until : unsigned char { head, piece, complete };

  Task<Result<void>> run(const HttpRequest& request, Until until);
  Result<void> may_be_sent(const HttpRequest& request) const;
  bool take_kept();
  Task<Result<void>> connect_anew();
  bool send_at_once(const HttpRequest& request);
  Task<Result<void>> send_rest();
  bool reached(Until until) noexcept;
  bool settled(Until until, Result<void>& done);
  ResponseReader::Next take_in(std::size_t& used);
  Result<void> take_end(std::size_t unread);
  Error why_broken() const;
  bool may_try_again(const HttpRequest& request) const noexcept;
  void adopt(UpstreamConnectionPtr connection);
  void finish();

  Loop& loop_;
  OriginPool& pool_;
  const NetTransportOptions& options_;
  Deadline deadline_;
  UpstreamConnectionPtr connection_;
  std::optional<std::stop_callback<Stop>> on_stop_;
  std::optional<ResponseReader> reader_;
  std::string_view unsent_;  ///< Of the request, as the connection holds it.
  bool reused_ = false;
  bool sent_any_ = false;
  bool heard_any_ = false;
  bool head_done_ = false;
  bool body_done_ = false;
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
