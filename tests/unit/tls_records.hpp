#pragma once

/// \file
/// A TLS session whose bytes a script carries between its two sides: cut anywhere, delayed,
/// changed, with alerts in between. For a test and a fuzzer.

#include <vx11/socket/detail/tls.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tls_certificate.hpp"

namespace tls_records {

using vx11::socket_detail::TlsContext;
using vx11::socket_detail::TlsSession;
using Then = TlsSession::Then;

inline const std::string kRequest = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n";
inline const std::string kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n" +
                                   std::string(40'000, 'a');  // of three records

/// OpenSSL's client over memory: sends a request and reads the answer to its end.
class RecordClient {
 public:
  explicit RecordClient(int version)
      : context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free), ssl_(nullptr, &SSL_free) {
    SSL_CTX_set_min_proto_version(context_.get(), version);
    SSL_CTX_set_max_proto_version(context_.get(), version);
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_.get());
  }

  void step() {
    if (SSL_do_handshake(ssl_.get()) != 1) return;
    if (!sent_)
      sent_ = SSL_write(ssl_.get(), kRequest.data(), static_cast<int>(kRequest.size())) > 0;
    char bytes[4096];
    for (int got = 0; (got = SSL_read(ssl_.get(), bytes, sizeof bytes)) > 0;) {
      answer_.append(bytes, static_cast<std::size_t>(got));
    }
  }
  /// What is to be carried to the server.
  std::string take() {
    std::string all(BIO_ctrl_pending(SSL_get_wbio(ssl_.get())), '\0');
    if (!all.empty()) BIO_read(SSL_get_wbio(ssl_.get()), all.data(), static_cast<int>(all.size()));
    return all;
  }
  void give(std::string_view bytes) {
    if (bytes.empty()) return;
    BIO_write(SSL_get_rbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()));
  }
  const std::string& answer() const noexcept { return answer_; }

 private:
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  bool sent_ = false;
  std::string answer_;
};

/// Our server's side, at one end of a socket pair.
class RecordServer {
 public:
  explicit RecordServer(std::shared_ptr<const TlsContext> context) {
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds_) != 0) {
      throw std::runtime_error("no sockets");
    }
    session_ = std::make_unique<TlsSession>(std::move(context), fds_[0]);
  }
  RecordServer(const RecordServer&) = delete;
  RecordServer& operator=(const RecordServer&) = delete;
  ~RecordServer() {
    session_.reset();
    ::close(fds_[0]);
    ::close(fds_[1]);
  }

  /// \return how much the socket has taken
  std::size_t give(std::string_view bytes) {
    const auto taken = ::send(fds_[1], bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return taken > 0 ? static_cast<std::size_t>(taken) : 0;
  }
  std::string take(std::size_t most) {
    std::string all(most, '\0');
    const auto got = ::recv(fds_[1], all.data(), all.size(), 0);
    all.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return all;
  }
  /// One step: of the handshake, of reading the request, or of writing the answer.
  void step() {
    if (is_over_) return;
    if (!is_open_) return note(session_->handshake(), [this](std::size_t) { is_open_ = true; });
    if (request_.size() < kRequest.size()) {
      char bytes[512];
      return note(session_->read(bytes, sizeof bytes),
                  [&](std::size_t size) { request_.append(bytes, size); });
    }
    if (request_ != kRequest || written_ == kAnswer.size()) return;
    note(session_->write(std::string_view(kAnswer).substr(written_)),
         [this](std::size_t size) { written_ += size; });
  }
  const std::string& request() const noexcept { return request_; }
  bool is_over() const noexcept { return is_over_; }

 private:
  template <class Done>
  void note(TlsSession::Step step, Done done) {
    if (step.then == Then::done) return done(step.bytes);
    is_over_ = step.then == Then::ended || step.then == Then::failed;
  }

  int fds_[2] = {-1, -1};
  std::unique_ptr<TlsSession> session_;
  std::string request_;
  std::size_t written_ = 0;
  bool is_open_ = false;
  bool is_over_ = false;
};

/// The result of a script.
struct Outcome {
  std::string request = {};  ///< As the server has read it.
  std::string answer = {};   ///< As the client has read it.
  bool is_changed = false;   ///< Bytes were changed, added or exchanged, and not only cut.
  bool is_over = false;      ///< The server's session has ended or failed.
};

/// Carries the bytes of one session as `script` says: each byte of it is one action. Afterwards the
/// rest is carried unchanged.
class Carrier {
 public:
  Carrier(std::shared_ptr<const TlsContext> context, int version)
      : client_(version), server_(std::move(context)) {
    client_.step();
  }

  Outcome run(std::span<const std::uint8_t> script) {
    for (const std::uint8_t action : script) act(action);
    for (int still = 0; still < 3;) still = carry_all() ? 0 : still + 1;
    return {server_.request(), client_.answer(), is_changed_, server_.is_over()};
  }

 private:
  void act(std::uint8_t action) {
    const std::size_t size = 1 + (action >> 2U);  // up to 64 bytes
    switch (action & 3U) {
      case 0:
        to_server(size);
        return server_.step();
      case 1:
        client_.give(server_.take(size));
        return client_.step();
      case 2:
        to_server(size * 64);
        server_.step();
        client_.give(server_.take(size * 64));
        return client_.step();
      default:
        change(action >> 2U);
    }
  }
  /// Changes what is on its way to the server.
  void change(unsigned how) {
    constexpr std::string_view kCloseNotify("\x15\x03\x03\x00\x02\x01\x00", 7);
    constexpr std::string_view kFatal("\x15\x03\x03\x00\x02\x02\x28", 7);
    if (how >= 16) return;  // most actions only carry
    collect();
    const bool adds = how < 2;
    if (!adds && on_the_way_.empty()) return;
    is_changed_ = true;
    if (how == 0) {
      on_the_way_.insert(0, kCloseNotify);
    } else if (how == 1) {
      on_the_way_.insert(0, kFatal);
    } else if (how == 2) {
      std::reverse(on_the_way_.begin(), on_the_way_.end());
    } else if (how == 3) {
      on_the_way_ = on_the_way_ + on_the_way_;
    } else {
      on_the_way_[how % on_the_way_.size()] ^= static_cast<char>(1U << (how % 8));
    }
  }
  void collect() { on_the_way_ += client_.take(); }
  void to_server(std::size_t size) {
    collect();
    on_the_way_.erase(0, server_.give(std::string_view(on_the_way_).substr(0, size)));
  }
  /// \return whether anything moved
  bool carry_all() {
    collect();
    const std::size_t before = on_the_way_.size();
    to_server(before);
    server_.step();
    const std::string back = server_.take(1U << 16U);
    client_.give(back);
    client_.step();
    return on_the_way_.size() != before || !back.empty();
  }

  RecordClient client_;
  RecordServer server_;
  std::string on_the_way_;
  bool is_changed_ = false;
};

inline std::shared_ptr<const TlsContext> make_context() {
  static const tls_certificate::TlsCertificate certificate;
  static const auto context =
      TlsContext::make_server({.file = certificate.file(), .key_file = certificate.key_file()},
                              vx11::socket_detail::make_ticket_keys({}))
          .value();
  return context;
}

/// What has to hold for every script.
/// \return empty, or what does not
inline std::string_view mistake_in(const Outcome& outcome) {
  if (!outcome.is_changed) {
    if (outcome.request != kRequest) return "a request that was only cut did not arrive";
    if (outcome.answer != kAnswer) return "an answer that was only cut did not arrive";
    return {};
  }
  if (!kRequest.starts_with(outcome.request)) return "the server read what the client never sent";
  if (!kAnswer.starts_with(outcome.answer)) return "the client read what the server never sent";
  const bool is_complete = outcome.answer == kAnswer;
  if (!is_complete && !outcome.is_over && outcome.request == kRequest) return "the answer is lost";
  return {};
}

}  // namespace tls_records
