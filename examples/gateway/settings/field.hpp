#pragma once

/// \file
/// Makes a `Field` of the place of a value in `GatewayConfig`.

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "gateway/settings/settings.hpp"

namespace gateway {

/// Applies member pointers from `root`: `at(config, &GatewayConfig::chat, &ChatConfig::deadline)`.
template <class Root>
auto& at(Root& root) {
  return root;
}
template <class Root, class Member, class... Rest>
auto& at(Root& root, Member member, Rest... rest) {
  return at(root.*member, rest...);
}

/// Values without an `==` have no secrets, and are compared as they are printed.
template <class Value>
bool is_same_value(const Value& a, const Value& b) {
  if constexpr (std::equality_comparable<Value>) {
    return a == b;
  } else {
    return print(a) == print(b);
  }
}

/// \param access returns the value in a `GatewayConfig&`, and in a const one
template <class Access>
Field field_by(Access access) {
  using Value = std::remove_cvref_t<decltype(access(std::declval<GatewayConfig&>()))>;
  return Field{
      .shape = shape_of<Value>,
      .secret = std::is_same_v<Value, Secret>,
      .wanted = wanted(Value{}),
      .read = [=](GatewayConfig& config,
                  std::string_view text) { return read(text, access(config)); },
      .print = [=](const GatewayConfig& config) { return print(access(config)); },
      .is_same = [=](const GatewayConfig& a,
                     const GatewayConfig& b) { return is_same_value(access(a), access(b)); }};
}

/// A field with an inclusive range of values.
template <class Value, class Access>
Field ranged_by(Value lowest, Value highest, Access access) {
  Field ranged = field_by(access);
  ranged.range = fmt::format("{} to {}", print(lowest), print(highest));
  ranged.read = [=, range = ranged.range](GatewayConfig& config,
                                          std::string_view text) -> Complaint {
    auto& into = access(config);
    auto value = into;
    if (auto complaint = read(text, value)) return complaint;
    if (value < lowest || value > highest) {
      return fmt::format("{} is out of range; take {}", print(value), range);
    }
    into = value;
    return std::nullopt;
  };
  return ranged;
}

}  // namespace gateway
