#include <vx11/detail/mistakes.hpp>
#include <vx11/jwks.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

#include <fmt/format.h>

#include "auth/fetch_plan.hpp"
#include "auth/jwk_set.hpp"
#include "auth/jwks_source.hpp"
#include "auth/jwt_bearer.hpp"
#include "auth/token_file_text.hpp"
#include "files/file_watch.hpp"
#include "threads/workers.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using SetPtr = std::shared_ptr<const JwkSet>;

JwtClaimRules rules_of(const JwksOptions& options) {
  return {.audience = options.audience,
          .issuer = options.issuer,
          .type = options.type,
          .leeway = options.leeway,
          .clock = options.wall_clock,
          .scopes = options.scopes,
          .subject = SubjectRule::required};
}

void check_source(const JwksOptions& options, detail::Mistakes& mistakes) {
  mistakes.add_if(options.path.empty() == options.url.empty(),
                  "give either a path or a url of the keys");
  if (options.url.empty()) return;
  mistakes.add_if(options.transport == nullptr, "the transport is missing");
  if (const auto request = jwks_request(options.url); !request) {
    mistakes.add(request.error().detail);
  }
}

void check_algorithms(const JwtAlgorithms& algorithms, detail::Mistakes& mistakes) {
  for (const JwtAlgorithm* const algorithm : algorithms) {
    if (algorithm->family != JwtFamily::hmac) continue;
    mistakes.add(std::string(algorithm->name) + " needs a secret, which a key set cannot hold");
  }
}

Result<HttpResponse> check_status(Result<HttpResponse> answer) {
  if (!answer || answer->status == 200) return answer;
  const bool is_redirect = answer->status >= 300 && answer->status < 400;
  return fail(Errc::http_status, fmt::format("the issuer answered {}{}", answer->status,
                                             is_redirect ? "; redirects are not followed" : ""));
}

}  // namespace

struct JwksAuthenticator::Impl {
  explicit Impl(JwksOptions given, JwtAlgorithms usable)
      : options(std::move(given)),
        rules(rules_of(options)),
        algorithms(std::move(usable)),
        plan({options.refresh, options.max_refresh, options.min_refresh}) {}

  bool is_file() const noexcept { return !options.path.empty(); }

  SetPtr keys() const {
    const std::lock_guard lock(mutex);
    return set;
  }

  /// \return what it replaces, to be freed outside of the lock
  SetPtr replace(JwkSet with) {
    auto made = std::make_shared<const JwkSet>(std::move(with));
    const std::lock_guard lock(mutex);
    set.swap(made);
    return made;
  }

  Result<void> read();
  Result<void> take_over_file();
  AccessCheck judge(const JwtHeader& header, std::string_view text, std::string_view signature);
  /// Why a fetch may be due before the keys are old.
  enum class Need : unsigned char { none, unknown_key };
  void fetch_if_due(Need need);
  void start();
  void fetch() noexcept;
  Result<HttpResponse> ask();
  void conclude(Result<HttpResponse> answer);

  const JwksOptions options;
  const JwtClaimRules rules;
  const JwtAlgorithms algorithms;
  std::atomic<bool> is_current{false};
  mutable std::mutex mutex;
  SetPtr set = std::make_shared<const JwkSet>();  ///< Guarded by `mutex`, as the next two.
  FetchPlan plan;
  std::optional<Result<void>> outcome = {};  ///< Of a fetch, until `refresh` returns it.
  std::mutex reading;
  files::FileWatch watch{{options.path}};  ///< Guarded by `reading`.
  std::stop_source closed = {};
  Workers workers{1};  ///< Last, so that its thread ends before the other members are destroyed.
};

/// Reads the file in any case. Holds `reading`.
Result<void> JwksAuthenticator::Impl::read() {
  Result<void> result = take_over_file();
  is_current.store(result.has_value(), std::memory_order_relaxed);
  return result;
}

Result<void> JwksAuthenticator::Impl::take_over_file() {
  watch.begin();
  const auto text = owners_file_text(options.path, {.holds = "keys", .most_kib = 256});
  if (!text) {
    if (text.error().code != Errc::storage) watch.settle();
    return fail(text.error());
  }
  auto parsed = parse_jwk_set(*text, algorithms);
  watch.settle();
  if (!parsed) {
    return fail(parsed.error().code, fmt::format("\"{}\" {}", options.path, parsed.error().detail));
  }
  replace(*std::move(parsed));
  return {};
}

AccessCheck JwksAuthenticator::Impl::judge(const JwtHeader& header, std::string_view text,
                                           std::string_view signature) {
  const JwtAlgorithm* const algorithm = find_allowed(algorithms, header.algorithm());
  if (algorithm == nullptr) return {Access::forbidden, "alg: not allowed"};
  const SetPtr in_force = keys();
  AccessCheck verified = in_force->verify(*algorithm, header.key_id(), text, signature);
  const bool is_unknown = verified.access == Access::key_unknown;
  if (is_unknown && in_force->keys.empty()) verified.reason = "no keys of the issuer yet";
  if (!is_file()) fetch_if_due(is_unknown ? Need::unknown_key : Need::none);
  return verified;
}

void JwksAuthenticator::Impl::fetch_if_due(Need need) {
  {
    const std::lock_guard lock(mutex);
    if (need == Need::unknown_key) plan.want();
    if (!plan.begin_if_due(options.clock.now())) return;
  }
  start();
}

/// After the plan has begun a fetch.
void JwksAuthenticator::Impl::start() {
  try {
    workers.run([this] { fetch(); });
  } catch (...) {
    conclude(fail(Errc::exhausted, "no memory for a fetch"));
  }
}

void JwksAuthenticator::Impl::fetch() noexcept try { conclude(check_status(ask())); } catch (...) {
  conclude(fail(Errc::exhausted, "no memory"));
}

Result<HttpResponse> JwksAuthenticator::Impl::ask() {
  const auto request = jwks_request(options.url);
  if (!request) return fail(request.error());
  const Deadline deadline =
      Deadline::after(options.clock.now(), options.fetch_limit, closed.get_token());
  return sync_wait(options.transport->send(*request, deadline));
}

void JwksAuthenticator::Impl::conclude(Result<HttpResponse> answer) {
  Result<void> result;
  SetPtr replaced;
  if (!answer) {
    result = fail(std::move(answer.error()));
  } else if (auto parsed = parse_jwk_set(answer->body, algorithms)) {
    replaced = replace(*std::move(parsed));
  } else {
    result = fail(Errc::invalid_reply, "the answer " + parsed.error().detail);
  }
  is_current.store(result.has_value(), std::memory_order_relaxed);
  const std::lock_guard lock(mutex);
  result ? plan.succeeded(options.clock.now(), max_age_of(*answer)) : plan.failed();
  outcome = std::move(result);
}

Result<void> validate(const JwksOptions& options) {
  detail::Mistakes mistakes;
  check_source(options, mistakes);
  check_algorithms(known_algorithms(options.algorithms, mistakes), mistakes);
  check_rules(rules_of(options), mistakes);
  const Duration least = std::min({options.refresh, options.min_refresh, options.fetch_limit});
  mistakes.add_if(least <= Duration::zero(),
                  "refresh, min_refresh and fetch_limit must be above zero");
  return std::move(mistakes).result();
}

Result<std::shared_ptr<JwksAuthenticator>> JwksAuthenticator::open(JwksOptions options) {
  if (Result<void> valid = validate(options); !valid) return fail(std::move(valid.error()));
  detail::Mistakes none;
  JwtAlgorithms algorithms = known_algorithms(options.algorithms, none);
  auto impl = std::make_unique<Impl>(std::move(options), std::move(algorithms));
  if (impl->is_file()) {
    if (Result<void> read = impl->read(); !read) return fail(std::move(read.error()));
  } else {
    impl->workers.run([] {});  // makes the thread: without one, a fetch would run on the caller's
  }
  return std::shared_ptr<JwksAuthenticator>(new JwksAuthenticator(std::move(impl)));
}

JwksAuthenticator::JwksAuthenticator(std::unique_ptr<Impl> impl) noexcept
    : impl_(std::move(impl)) {}

JwksAuthenticator::~JwksAuthenticator() {
  impl_->closed.request_stop();
}

Access JwksAuthenticator::check(const Headers& headers) const {
  return explain(headers).access;
}

AccessCheck JwksAuthenticator::explain(const Headers& headers) const {
  return judge_bearer(
      headers, impl_->rules,
      [this](const JwtHeader& header, std::string_view text, std::string_view signature) {
        return impl_->judge(header, text, signature);
      });
}

std::string_view JwksAuthenticator::challenge() const noexcept {
  return kBearerChallenge;
}

Result<bool> JwksAuthenticator::refresh() {
  if (impl_->is_file()) {
    const std::lock_guard lock(impl_->reading);
    return impl_->watch.refresh([this] { return impl_->read(); });
  }
  impl_->fetch_if_due(Impl::Need::none);
  const std::lock_guard lock(impl_->mutex);
  const auto outcome = std::exchange(impl_->outcome, std::nullopt);
  if (!outcome) return false;
  if (!*outcome) return fail(outcome->error());
  return true;
}

Result<void> JwksAuthenticator::reload() {
  if (impl_->is_file()) {
    const std::lock_guard lock(impl_->reading);
    return impl_->read();
  }
  {
    const std::lock_guard lock(impl_->mutex);
    if (!impl_->plan.begin(impl_->options.clock.now())) return {};
  }
  impl_->start();
  return {};
}

std::size_t JwksAuthenticator::size() const {
  return impl_->keys()->keys.size();
}

std::size_t JwksAuthenticator::skipped() const {
  return impl_->keys()->skipped;
}

bool JwksAuthenticator::is_current() const noexcept {
  return impl_->is_current.load(std::memory_order_relaxed);
}

}  // namespace v0
}  // namespace vx11
