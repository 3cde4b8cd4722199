#include <vx11/net/server_tls.hpp>
#include <vx11/socket/detail/tls.hpp>

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "files/file_watch.hpp"

namespace vx11 {
inline namespace v0 {

using socket_detail::TlsContext;
using socket_detail::TlsTicketKeys;

struct ServerTls::Impl {
  explicit Impl(ServerTlsOptions chosen)
      : options(std::move(chosen)), tickets(socket_detail::make_ticket_keys(options.clock)) {}

  Result<std::shared_ptr<const TlsContext>> make_context() const {
    const bool required = options.client_proof == ServerTlsOptions::ClientProof::required;
    const socket_detail::ServerCertificate own{
        .file = options.certificate_file,
        .key_file = options.key_file,
        .client_ca_file = options.client_ca_file,
        .client_proof =
            required ? socket_detail::ClientProof::required : socket_detail::ClientProof::optional,
        .client_crl_file = options.client_crl_file};
    return TlsContext::make_server(own, tickets);
  }

  /// Holds `reading`.
  Result<void> read() {
    watch.begin();
    auto made = make_context();
    if (!made) return fail(std::move(made.error()));
    watch.settle();
    const std::lock_guard lock(mutex);
    context = *std::move(made);
    return {};
  }

  std::vector<std::string> files() const {
    std::vector<std::string> all = {options.certificate_file, options.key_file};
    for (const std::string& file : {options.client_ca_file, options.client_crl_file}) {
      if (!file.empty()) all.push_back(file);
    }
    return all;
  }

  const ServerTlsOptions options;
  const std::shared_ptr<TlsTicketKeys> tickets;
  std::mutex reading;
  files::FileWatch watch{files()};  ///< Guarded by `reading`.
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
  const std::lock_guard lock(impl_->reading);
  return impl_->read();
}

Result<ServerTlsChange> ServerTls::refresh() {
  const std::lock_guard lock(impl_->reading);
  const auto is_read = impl_->watch.refresh([this] { return impl_->read(); });
  if (!is_read) return fail(is_read.error());
  return *is_read ? ServerTlsChange::replaced : ServerTlsChange::none;
}

RevocationLists ServerTls::revocation_lists() const {
  const auto now = context();
  return {now->revocation_lists(), now->revocations_expire_at()};
}

std::shared_ptr<const TlsContext> ServerTls::context() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->context;
}

}  // namespace v0
}  // namespace vx11
