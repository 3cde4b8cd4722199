#include <vx11/token_file.hpp>

#include <atomic>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "auth/presented_token.hpp"
#include "auth/token_file_text.hpp"
#include "auth/token_index.hpp"
#include "auth/token_text.hpp"
#include "files/file_watch.hpp"

namespace vx11 {
inline namespace v0 {

struct TokenFile::Impl {
  explicit Impl(TokenFileOptions given) : options(std::move(given)) {}

  std::shared_ptr<const TokenIndex> tokens() const {
    const std::lock_guard lock(tokens_mutex);
    return index;
  }

  /// Old tokens are freed outside of the lock, unless a request still uses them.
  void replace(std::shared_ptr<const TokenIndex> with) {
    const std::lock_guard lock(tokens_mutex);
    index.swap(with);
  }

  /// Reads the file in any case. Holds `reading`.
  Result<void> read() {
    watch.begin();
    auto entries = read_token_file(options.path);
    is_current.store(entries.has_value(), std::memory_order_relaxed);
    if (!entries) {
      if (entries.error().code != Errc::storage) watch.settle();
      return fail(std::move(entries.error()));
    }
    replace(std::make_shared<const TokenIndex>(*std::move(entries)));
    watch.settle();
    return {};
  }

  AccessCheck judge(std::string_view token) const;

  const TokenFileOptions options;
  std::atomic<bool> is_current{false};
  mutable std::mutex tokens_mutex;
  std::shared_ptr<const TokenIndex> index = {};
  std::mutex reading;
  files::FileWatch watch{{options.path}};  ///< Guarded by `reading`.
};

namespace {

/// For the log alone. Checksums are no secret, so the time that one takes reveals nothing.
std::string_view reason_of_unknown(std::string_view token) noexcept {
  if (is_token(token)) return "an unknown or revoked token";
  return "a mistyped token: its checksum is wrong";
}

}  // namespace

AccessCheck TokenFile::Impl::judge(std::string_view token) const {
  if (same_secret(token, options.token) && !options.token.empty()) return Access::granted;
  if (token.size() != kTokenBytes) return {Access::forbidden, "another token"};
  const auto digest = digest_of(token);
  if (!digest) return {Access::forbidden, "no memory for its digest"};
  const auto in_force = tokens();
  const TokenEntry* const entry = in_force->find(*digest);
  if (entry == nullptr) return {Access::forbidden, reason_of_unknown(token)};
  const bool is_expired = entry->expires && options.clock.now() >= *entry->expires;
  AccessCheck known = is_expired ? AccessCheck(Access::forbidden, "an expired token")
                                 : AccessCheck(Access::granted);
  known.scopes = entry->scopes;
  known.principal = std::shared_ptr<const std::string>(in_force, &entry->name);
  return known;
}

Result<std::vector<TokenEntry>> read_token_file(const std::string& path) {
  const auto text = token_file_text(path);
  if (!text) return fail(text.error());
  auto entries = parse_token_file(*text);
  if (entries) return entries;
  return fail(Errc::invalid_argument, fmt::format("\"{}\" {}", path, entries.error().detail));
}

Result<std::shared_ptr<TokenFile>> TokenFile::open(TokenFileOptions options) {
  if (!options.token.empty()) {
    if (Result<void> checked = check_sendable(options.token); !checked) {
      return fail(checked.error());
    }
  }
  auto impl = std::make_unique<Impl>(std::move(options));
  if (Result<void> read = impl->read(); !read) return fail(std::move(read.error()));
  return std::shared_ptr<TokenFile>(new TokenFile(std::move(impl)));
}

TokenFile::TokenFile(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
TokenFile::~TokenFile() = default;

Access TokenFile::check(const Headers& headers) const {
  return explain(headers).access;
}

AccessCheck TokenFile::explain(const Headers& headers) const {
  const auto token = presented_token(headers);
  return token ? impl_->judge(*token) : token.error();
}

std::string_view TokenFile::challenge() const noexcept {
  return kTokenChallenge;
}

Result<TokenFileChange> TokenFile::refresh() {
  const std::lock_guard lock(impl_->reading);
  const auto is_read = impl_->watch.refresh([this] { return impl_->read(); });
  if (!is_read) return fail(is_read.error());
  return *is_read ? TokenFileChange::replaced : TokenFileChange::none;
}

Result<void> TokenFile::reload() {
  const std::lock_guard lock(impl_->reading);
  return impl_->read();
}

TokenLimits TokenFile::limits_of(std::string_view name) const {
  return impl_->tokens()->limits_of(name);
}

std::size_t TokenFile::size() const {
  return impl_->tokens()->size();
}

bool TokenFile::is_current() const noexcept {
  return impl_->is_current.load(std::memory_order_relaxed);
}

}  // namespace v0
}  // namespace vx11
