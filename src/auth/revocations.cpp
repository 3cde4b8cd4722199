#include <vx11/detail/mistakes.hpp>
#include <vx11/revocations.hpp>

#include <atomic>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <utility>

namespace vx11 {
inline namespace v0 {

struct Revocations::Impl {
  std::atomic<std::size_t> size{0};
  mutable std::shared_mutex mutex;
  std::set<std::string, std::less<>> principals;
};

Revocations::Revocations() : impl_(std::make_unique<Impl>()) {}
Revocations::~Revocations() = default;

bool Revocations::contains(std::string_view principal) const {
  if (size() == 0) return false;
  const std::shared_lock lock(impl_->mutex);
  return impl_->principals.find(principal) != impl_->principals.end();
}

void Revocations::replace(std::vector<std::string> principals) {
  std::set<std::string, std::less<>> next;
  for (std::string& each : principals) next.insert(std::move(each));
  const std::unique_lock lock(impl_->mutex);
  impl_->principals.swap(next);
  impl_->size.store(impl_->principals.size(), std::memory_order_release);
}

std::size_t Revocations::size() const noexcept {
  return impl_->size.load(std::memory_order_acquire);
}

namespace {

class RevokingAuthenticator final : public Authenticator {
 public:
  RevokingAuthenticator(std::shared_ptr<const Authenticator> inner,
                        std::shared_ptr<const Revocations> revoked)
      : inner_(std::move(inner)), revoked_(std::move(revoked)) {}

  Access check(const Headers& headers) const override { return explain(headers).access; }
  AccessCheck explain(const Headers& headers) const override {
    return judged(inner_->explain(headers));
  }
  AccessCheck authenticate(const HttpRequest& head) const override {
    return judged(inner_->authenticate(head));
  }
  std::string_view challenge() const noexcept override { return inner_->challenge(); }
  bool names_users() const noexcept override { return inner_->names_users(); }

 private:
  /// The principal stays, for the log.
  AccessCheck judged(AccessCheck found) const {
    if (found.access != Access::granted || found.principal == nullptr) return found;
    if (!revoked_->contains(*found.principal)) return found;
    found.access = Access::forbidden;
    found.reason = "revoked";
    found.scopes = Scopes();
    return found;
  }

  const std::shared_ptr<const Authenticator> inner_;
  const std::shared_ptr<const Revocations> revoked_;
};

}  // namespace

Result<std::shared_ptr<const Authenticator>> make_revoking_authenticator(
    std::shared_ptr<const Authenticator> inner, std::shared_ptr<const Revocations> revoked) {
  detail::Mistakes mistakes;
  mistakes.add_if(inner == nullptr, "the authenticator is null");
  mistakes.add_if(revoked == nullptr, "the revocations are null");
  if (auto checked = std::move(mistakes).result(); !checked) return fail(checked.error());
  return std::make_shared<RevokingAuthenticator>(std::move(inner), std::move(revoked));
}

}  // namespace v0
}  // namespace vx11
