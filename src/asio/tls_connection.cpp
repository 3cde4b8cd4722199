#include "tls_connection.hpp"

#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>

namespace vx11::inline v0::asio_detail {

namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

/// Awaits an operation whose handler takes an error and perhaps a size.
template <class Start>
class Awaited {
 public:
  explicit Awaited(Start start) : start_(std::move(start)) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    start_([this, waiting](const error_code& error, std::size_t = 0) {
      error_ = error;
      waiting.resume();
    });
  }
  error_code await_resume() const noexcept { return error_; }

 private:
  Start start_;
  error_code error_;
};

}  // namespace

class TlsContext : public ssl::context {
 public:
  TlsContext() : ssl::context(ssl::context::tls_client) {}
};

struct TlsConnection::Stream {
  Stream(Socket& socket, std::shared_ptr<TlsContext> shared, const Origin& origin)
      : context(std::move(shared)), tls(socket, *context) {
    error_code error;
    tls.set_verify_mode(ssl::verify_peer, error);
    tls.set_verify_callback(ssl::host_name_verification(origin.host), error);
    error_code numeric;
    boost::asio::ip::make_address(origin.host, numeric);
    if (numeric) SSL_set_tlsext_host_name(tls.native_handle(), origin.host.c_str());
  }

  std::shared_ptr<TlsContext> context;
  ssl::stream<Socket&> tls;
};

Result<std::shared_ptr<TlsContext>> make_tls_context(const std::string& ca_file) {
  auto context = std::make_shared<TlsContext>();
  error_code error;
  if (ca_file.empty()) {
    context->set_default_verify_paths(error);
  } else {
    context->load_verify_file(ca_file, error);
  }
  if (error) return fail(Errc::unreachable, "cannot read the certificate authorities");
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  return context;
}

TlsConnection::TlsConnection(Loop& loop, Socket socket, OriginPool& home,
                             std::shared_ptr<TlsContext> context)
    : UpstreamConnection(loop, std::move(socket), home),
      stream_(std::make_unique<Stream>(socket_, std::move(context), home.origin())) {}

TlsConnection::~TlsConnection() = default;

Task<Result<void>> TlsConnection::handshake() {
  const auto self = shared_from_this();
  Awaited shaken([this](auto handler) {
    stream_->tls.async_handshake(ssl::stream_base::client, std::move(handler));
  });
  const error_code error = co_await shaken;
  if (!error) co_return Result<void>();
  if (broken() == Broken::overdue) co_return fail(Errc::timeout, "TLS handshake timeout");
  if (broken() == Broken::aborted) co_return fail(Errc::cancelled, "the caller went away");
  co_return fail(Errc::unreachable, "TLS handshake failed");
}

Task<bool> TlsConnection::send(std::string_view bytes) {
  const auto self = shared_from_this();
  Awaited written([this, bytes](auto handler) {
    boost::asio::async_write(stream_->tls, boost::asio::buffer(bytes.data(), bytes.size()),
                             std::move(handler));
  });
  const error_code error = co_await written;
  if (error) note_broken(Broken::reset);
  co_return !error;
}

std::size_t TlsConnection::send_now(std::string_view) noexcept {
  return 0;
}

void TlsConnection::start_receive() {
  stream_->tls.async_read_some(
      boost::asio::buffer(buffer_.free_begin(), buffer_.free_size()),
      [self = shared_from_this(), this](const error_code& error, std::size_t bytes) {
        received(error, bytes);
      });
}

}  // namespace vx11::inline v0::asio_detail
