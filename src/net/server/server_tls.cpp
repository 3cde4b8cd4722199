#include <vx11/net/server_tls.hpp>
#include <vx11/socket/detail/tls.hpp>

#include <mutex>
#include <utility>

namespace vx11 {
inline namespace v0 {

using socket_detail::TlsContext;
using socket_detail::TlsTicketKeys;

struct ServerTls::Impl {
  explicit Impl(ServerTlsOptions chosen)
      : options(std::move(chosen)), tickets(socket_detail::make_ticket_keys(options.clock)) {}

  Result<std::shared_ptr<const TlsContext>> read() const {
    const bool required = options.client_proof == ServerTlsOptions::ClientProof::required;
    const socket_detail::ServerCertificate own{
        .file = options.certificate_file,
        .key_file = options.key_file,
        .client_ca_file = options.client_ca_file,
        .client_proof =
            required ? socket_detail::ClientProof::required : socket_detail::ClientProof::optional};
    return TlsContext::make_server(own, tickets);
  }

  const ServerTlsOptions options;
  const std::shared_ptr<TlsTicketKeys> tickets;
  mutable std::mutex mutex;
  std::shared_ptr<const TlsContext> context;  ///< Guarded by `mutex`.
};

Result<std::shared_ptr<ServerTls>> ServerTls::make(ServerTlsOptions options) {
  std::shared_ptr<ServerTls> made(new ServerTls(std::make_unique<Impl>(std::move(options))));
  if (auto read = made->reload(); !read) return fail(std::move(read.error()));
  return made;
}

ServerTls::ServerTls(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
ServerTls::~ServerTls() = default;

Result<void> ServerTls::reload() {
  auto context = impl_->read();
  if (!context) return fail(std::move(context.error()));
  const std::lock_guard lock(impl_->mutex);
  impl_->context = *std::move(context);
  return {};
}

std::shared_ptr<const TlsContext> ServerTls::context() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->context;
}

}  // namespace v0
}  // namespace vx11
