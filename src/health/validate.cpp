#include "health/validate.hpp"

#include <vx11/detail/mistakes.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <variant>

#include <fmt/format.h>

namespace vx11 {
inline namespace v0 {

namespace {

class Description {
 public:
  explicit Description(const HealthOptions& options) : options_(options) {}

  Result<void> validate() {
    mistakes_.add_if(options_.reuse_for < Duration::zero(), "reuse_for must not be negative");
    for (std::size_t i = 0; i < options_.components.size(); ++i) validate(i);
    return std::move(mistakes_).result();
  }

 private:
  void validate(std::size_t at) {
    const HealthComponent& component = options_.components[at];
    component.name.empty() ? mistakes_.about(fmt::format("component {}", at + 1))
                           : mistakes_.about("component", component.name);
    validate_name(at);
    mistakes_.add_if(component.timeout <= Duration::zero(), "timeout must be positive");
    std::visit([this](const auto& check) { validate(check); }, component.check);
  }

  void validate_name(std::size_t at) {
    const auto begin = options_.components.begin();
    const std::string& name = options_.components[at].name;
    if (name.empty()) return mistakes_.add("no name");
    mistakes_.add_if(std::any_of(begin, begin + static_cast<std::ptrdiff_t>(at),
                                 [&](const auto& other) { return other.name == name; }),
                     "the name is used twice");
  }

  void validate(const std::shared_ptr<Probe>& probe) {
    mistakes_.add_if(probe == nullptr, "its probe is null");
  }
  void validate(const std::shared_ptr<const CircuitBreaker>& breaker) {
    mistakes_.add_if(breaker == nullptr, "its breaker is null");
  }
  void validate(const PowerEvidence& /*evidence*/) {
    mistakes_.add_if(options_.power == nullptr, "there is no power view to judge it by");
    mistakes_.add_if(by_power_++ != 0, "another component is judged by the power state, too");
  }
  template <class Word>
  void validate(const Word& /*check*/) noexcept {}

  const HealthOptions& options_;
  detail::Mistakes mistakes_;
  int by_power_ = 0;
};

}  // namespace

Result<void> validate(const HealthOptions& options) {
  return Description(options).validate();
}

}  // namespace v0
}  // namespace vx11
