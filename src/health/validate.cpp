#include "health/validate.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <variant>

#include <fmt/format.h>

namespace vx11 {
inline namespace v0 {

namespace {

class Description {
 public:
  explicit Description(const HealthOptions& options) : options_(options) {}

  std::string mistakes() && {
    if (options_.reuse_for < Duration::zero()) add("reuse_for must not be negative");
    for (std::size_t i = 0; i < options_.components.size(); ++i) check(i);
    return std::move(mistakes_);
  }

 private:
  void check(std::size_t at) {
    const HealthComponent& component = options_.components[at];
    label_ = component.name.empty() ? fmt::format("component {}: ", at + 1)
                                    : fmt::format("component \"{}\": ", component.name);
    if (component.name.empty()) add("no name");
    if (!component.name.empty() && is_used_before(at)) add("the name is used twice");
    if (component.timeout <= Duration::zero()) add("timeout must be positive");
    std::visit([this](const auto& how) { check(how); }, component.check);
  }

  void check(const std::shared_ptr<Probe>& probe) {
    if (probe == nullptr) add("its probe is null");
  }
  void check(const std::shared_ptr<const CircuitBreaker>& breaker) {
    if (breaker == nullptr) add("its breaker is null");
  }
  template <class Word>
  void check(const Word& /*how*/) noexcept {}

  bool is_used_before(std::size_t at) const {
    const auto begin = options_.components.begin();
    return std::any_of(begin, begin + static_cast<std::ptrdiff_t>(at), [&](const auto& other) {
      return other.name == options_.components[at].name;
    });
  }

  void add(std::string_view mistake) {
    if (!mistakes_.empty()) mistakes_ += "; ";
    mistakes_ += label_;
    mistakes_ += mistake;
  }

  const HealthOptions& options_;
  std::string label_ = {};
  std::string mistakes_ = {};
};

}  // namespace

std::string mistakes_in(const HealthOptions& options) {
  return Description(options).mistakes();
}

}  // namespace v0
}  // namespace vx11
