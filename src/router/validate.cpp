#include "router/validate.hpp"

#include <vx11/detail/mistakes.hpp>
#include <vx11/url.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>

#include <fmt/format.h>

namespace vx11 {
inline namespace v0 {

namespace {

class Description {
 public:
  explicit Description(RouterOptions& options) : options_(options) {}

  Result<void> complete() {
    mistakes_.add_if(options_.total_timeout <= Duration::zero(), "total_timeout must be positive");
    mistakes_.add_if(options_.targets.empty(), "no targets");
    for (std::size_t i = 0; i < options_.targets.size(); ++i) complete(i);
    check_routes(options_, mistakes_);
    if (options_.shadow) complete(*options_.shadow);
    return std::move(mistakes_).result();
  }

 private:
  void complete(std::size_t at) {
    RouterTarget& target = options_.targets[at];
    target.name.empty() ? mistakes_.about(fmt::format("target {}", at + 1))
                        : mistakes_.about("target", target.name);
    check_name(at, target.name);
    complete_call(target);
    complete_breaker(at, target);
  }

  void complete(RouterShadow& shadow) {
    RouterTarget& target = shadow.target;
    mistakes_.about("shadow", target.name);
    mistakes_.add_if(!(shadow.share >= 0 && shadow.share <= 1), "share must be 0 to 1");
    mistakes_.add_if(shadow.max_in_flight == 0, "max_in_flight must be at least 1");
    mistakes_.add_if(target.transport != nullptr && target.transport->blocks(),
                     "its transport blocks, which would delay the chats");
    check_name(options_.targets.size(), target.name);
    complete_call(target);
    complete_breaker(options_.targets.size(), target);
  }

  void complete_call(RouterTarget& target) {
    mistakes_.add_if(target.transport == nullptr, "no transport");
    mistakes_.add_if(target.try_timeout <= Duration::zero(), "try_timeout must be positive");
    mistakes_.add_if(target.total_timeout <= Duration::zero(), "total_timeout must be positive");
    mistakes_.add_if(target.fallback_after.value_or(Duration()) < Duration::zero(),
                     "fallback_after must not be negative");
    complete_url(target);
    complete_dialect(target);
  }

  void check_name(std::size_t at, std::string_view name) {
    if (name.empty()) return mistakes_.add("no name");
    mistakes_.add_if(earlier(at, [&](const auto& other) { return other.name == name; }),
                     "the name is used twice");
  }

  void complete_url(RouterTarget& target) {
    const Result<Url> url = Url::parse(target.url);
    if (!url) return mistakes_.add(url.error().detail);
    target.url = url->text();
  }

  void complete_dialect(RouterTarget& target) {
    if (target.dialect != nullptr) return;
    if (target.name == "switch") target.dialect = switch_dialect();
    if (target.name == "madre") target.dialect = madre_dialect();
    if (target.dialect == nullptr) mistakes_.add("no dialect, and none is known for this name");
  }

  void complete_breaker(std::size_t at, RouterTarget& target) {
    if (target.breaker == nullptr) {
      target.breaker = make_breaker(target);
    } else if (earlier(at, [&](const auto& other) { return other.breaker == target.breaker; })) {
      mistakes_.add("its breaker is another target's too");
    }
    if (target.linked == nullptr) {
      target.linked = std::make_shared<const LinkedBreakers>(std::vector{target.breaker});
    }
  }

  /// A probe must not expire before the call it stands for; otherwise a slow upstream's probes
  /// would all be superseded and its breaker would never close.
  std::shared_ptr<CircuitBreaker> make_breaker(const RouterTarget& target) const {
    CircuitBreakerOptions options;
    options.probe_timeout = std::max(options.probe_timeout, target.try_timeout);
    return std::make_shared<CircuitBreaker>(options, options_.clock);
  }

  template <class Predicate>
  bool earlier(std::size_t at, Predicate matches) const {
    const auto begin = options_.targets.begin();
    return std::any_of(begin, begin + static_cast<std::ptrdiff_t>(at), matches);
  }

  RouterOptions& options_;
  detail::Mistakes mistakes_ = {};
};

}  // namespace

Result<void> complete(RouterOptions& options) {
  return Description(options).complete();
}

}  // namespace v0
}  // namespace vx11
