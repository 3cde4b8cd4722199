#include "operator/logins/logins.hpp"

#include <algorithm>
#include <utility>

namespace backend {

namespace {

using vx11::Result;
using vx11::Task;

/// Enough of the digest to tell logins apart, and too little to be one.
std::string id_of(const std::string& digest) {
  constexpr std::size_t kLength = 16;
  return digest.substr(0, kLength);
}

}  // namespace

Task<Result<NewLogin>> Logins::begin(Caller caller, std::optional<vx11::WallTime> not_after) {
  auto secret = LoginSecret::make();
  if (!secret) co_return vx11::fail(std::move(secret.error()));
  auto sealed = secret->seal(caller.token);
  if (!sealed) co_return vx11::fail(std::move(sealed.error()));
  LoginRow row;
  row.digest = secret->digest();
  row.principal = std::move(caller.principal);
  row.sealed_token = *std::move(sealed);
  row.address = std::move(caller.address);
  row.created = options_.clock.now();
  row.expires = row.created + lifetime_.load(std::memory_order_relaxed);
  if (not_after) row.expires = std::min(row.expires, *not_after);
  NewLogin login{*std::move(secret), row.expires};
  auto adding = options_.store->add(std::move(row), per_principal_.load(std::memory_order_relaxed));
  const auto removed = co_await std::move(adding);
  if (!removed) co_return vx11::fail(removed.error());
  ended(*removed);
  co_return login;
}

Task<Result<std::optional<OpenLogin>>> Logins::find(LoginSecret secret) {
  const std::string digest = secret.digest();
  auto finding = options_.store->find(digest);
  const auto row = co_await std::move(finding);
  if (!row) co_return vx11::fail(row.error());
  if (!row->has_value()) co_return std::nullopt;
  if ((*row)->expires <= options_.clock.now()) co_return std::nullopt;
  auto token = secret.unseal((*row)->sealed_token);
  if (!token) {
    auto ending = end(std::move(secret));
    const auto removed = co_await std::move(ending);
    if (!removed) co_return vx11::fail(removed.error());
    co_return std::nullopt;
  }
  OpenLogin login;
  login.id = id_of(digest);
  login.principal = (*row)->principal;
  login.token = *std::move(token);
  login.expires = (*row)->expires;
  co_return login;
}

Task<Result<bool>> Logins::end(LoginSecret secret) {
  std::string digest = secret.digest();
  auto removing = options_.store->remove(digest);
  const auto removed = co_await std::move(removing);
  if (!removed) co_return vx11::fail(removed.error());
  std::vector<std::string> digests(1, std::move(digest));
  if (*removed) ended(digests);
  co_return *removed;
}

Task<Result<std::size_t>> Logins::end_all(std::string principal) {
  auto removing = options_.store->remove_all(std::move(principal));
  const auto removed = co_await std::move(removing);
  if (!removed) co_return vx11::fail(removed.error());
  ended(*removed);
  co_return removed->size();
}

Task<Result<std::vector<LoginRow>>> Logins::expire() {
  auto removing = options_.store->expire(options_.clock.now());
  auto removed = co_await std::move(removing);
  if (!removed) co_return removed;
  std::vector<std::string> digests;
  for (const LoginRow& row : *removed) digests.push_back(row.digest);
  ended(digests);
  co_return removed;
}

std::shared_ptr<void> Logins::listen(std::function<void(const std::string&)> listener) {
  auto kept = std::make_shared<Listener>(std::move(listener));
  const std::lock_guard lock(mutex_);
  std::erase_if(listeners_, [](const auto& other) { return other.expired(); });
  listeners_.push_back(kept);
  return kept;
}

void Logins::ended(const std::vector<std::string>& digests) {
  if (digests.empty()) return;
  std::vector<std::shared_ptr<Listener>> listening;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& listener : listeners_) {
      if (auto kept = listener.lock()) listening.push_back(std::move(kept));
    }
  }
  for (const std::string& digest : digests) {
    for (const auto& listener : listening) (*listener)(id_of(digest));
  }
}

}  // namespace backend
