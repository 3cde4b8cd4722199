#pragma once

/// \file
/// One client connection of the server. Internal.

#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "net/http/request_reader.hpp"
#include "net/server/proxy_header.hpp"
#include "net/server/server_state.hpp"
#include "net/server/upgrade.hpp"
#include "net/socket/channel.hpp"
#include "threads/detached.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// For the first byte and for the head, on the reserved lane.
inline constexpr Duration kReservedTimeout = std::chrono::seconds(2);

/// What is known about the client when it has connected.
enum class ClientKnown : std::uint8_t {
  yes,               ///< The peer of the socket is the client.
  by_client_header,  ///< The peer is a trusted proxy, whose requests name their client.
  by_proxy_header,   ///< The peer is a trusted proxy, and a PROXY header comes first.
};

/// Reads requests one after the other, passes them to the handler, and writes the responses in the
/// same order.
///
/// While the handler runs, the channel is watched: incoming bytes belong to the next request, and a
/// disconnect fires the stop token of the current one.
///
/// Exceptions end the connection, after 503 if memory was exhausted before the response.
class Connection : public std::enable_shared_from_this<Connection>, public ListedConnection {
 public:
  Connection(std::shared_ptr<Channel> channel, ServerState& server, LoopState& loop,
             std::shared_ptr<const HttpPeer> peer, ClientKnown known, Lane lane);
  ~Connection() override;

  /// Serves until the connection ends.
  void start();
  void drain() noexcept override;
  void abort() noexcept override { channel_->abort(CloseReason::aborted); }
  void cut_short() noexcept override;
  bool evict() noexcept override;
  TimePoint idle_since() const noexcept override { return idle_since_; }

 private:
  enum class Then : unsigned char { next, close, linger, stream, upgrade };

  static Detached serve(std::shared_ptr<Connection> self);
  bool awaits_proxy_header() const noexcept { return known_ == ClientKnown::by_proxy_header; }
  bool must_prepare() const noexcept;
  Task<bool> prepare();
  ProxyHeader peek_proxy_header() const;
  Task<bool> receive_proxy_header();
  bool count_client();
  Task<bool> handshake();
  const std::string& counted_address() const noexcept;
  std::shared_ptr<const HttpPeer> client_of(const HttpRequest& head) const;
  void wait_for_request() noexcept;
  void begin_request() noexcept;
  Duration head_timeout() const noexcept;
  Then end_without_memory() noexcept;
  bool may_not_ask(const HttpRequest& head) noexcept;
  bool was_silent_probe() const noexcept;
  Task<Then> serve_one(RequestScratch& scratch);
  /// Parses the part of the head, or of the body, that has arrived: usually all of it.
  RequestReader::Next take_head(RequestReader& reader);
  RequestReader::Next take_body(RequestReader& reader);
  Task<bool> receive_head(RequestReader& reader);
  Task<bool> receive_body(RequestReader& reader);
  tl::expected<HttpAdmission, HttpResponse> admit(const HttpRequest& head) const;
  static Task<StreamedResponse> open(const HttpRequest& request, const HttpAdmission& admission,
                                     Deadline until_gone);
  Task<Then> give_up(RequestScratch& scratch);
  Task<Then> refuse_for_room(RequestScratch& scratch);
  Deadline watch_client();
  Task<Then> begin_stream(RequestScratch& scratch, StreamedResponse& answer,
                          const HttpAdmission& admission);
  Task<Then> stream(std::unique_ptr<RequestScratch>& scratch);
  Task<Then> begin_upgrade(RequestScratch& scratch, StreamedResponse& answer,
                           const HttpAdmission& admission);
  Task<Then> serve_upgrade(std::unique_ptr<RequestScratch>& scratch);
  Task<Result<std::string>> next_piece() noexcept;
  bool pass_on_at_once(std::string& piece, std::unique_ptr<RequestScratch>& scratch, bool& more);
  bool append_next(std::string& out, std::string_view piece);
  Task<Then> write_failure(RequestScratch& scratch);
  void give_back(std::unique_ptr<RequestScratch>& scratch);
  Task<Then> write_instead(RequestScratch& scratch, HttpResponse response);
  bool write_at_once(RequestScratch& scratch, const HttpResponse& response);
  Task<Then> write_rest(RequestScratch& scratch);
  Task<Then> write(RequestScratch& scratch, const HttpResponse& response);
  Task<Then> refuse(RequestScratch& scratch, const HttpResponse& response);
  bool may_keep(bool keep_alive) const noexcept;
  Persistence persistence(const RequestScratch& scratch) const noexcept;
  static Then after(const RequestScratch& scratch) noexcept;
  Task<bool> send(std::string_view bytes);
  Task<void> linger();
  static void client_gone(void* self);
  void note_client_gone();

  std::shared_ptr<Channel> channel_;
  ServerState& server_;
  LoopState& loop_;
  std::shared_ptr<const HttpPeer> peer_;
  Lane lane_;
  ClientKnown known_;
  TimePoint idle_since_ = {};
  TimePoint complete_at_ = {};               ///< When the request was complete.
  std::stop_source gone_{std::nostopstate};  ///< Made on the first request; fires at most once.
  std::shared_ptr<const void> owner_ = {};   ///< Of the handler of `body_`; may be null.
  std::unique_ptr<BodyStream> body_ = {};    ///< Of the response that is being streamed.
  ConnectionUpgrade* upgrade_ = nullptr;     ///< Of `body_`, while it has the connection.
  bool chunked_ = false;                     ///< How that is framed.
  bool keep_alive_ = false;                  ///< What its request said.
  bool busy_ = false;
  bool fresh_ = true;  ///< No byte has arrived.
  bool counted_ = true;
  bool is_draining_ = false;  ///< The server began to stop before the first request.
  bool reading_ = false;      ///< The handler has not been called for the current request.
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
