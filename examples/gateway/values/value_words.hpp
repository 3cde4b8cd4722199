#pragma once

/// \file
/// Parsing and printing of settings whose values are words.

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/values/values.hpp"

namespace gateway {

/// The words of a setting with their values.
template <class Value, std::size_t N>
using Words = std::array<std::pair<std::string_view, Value>, N>;

template <class Value, std::size_t N>
Complaint read_word(const Words<Value, N>& words, std::string_view text, Value& into) {
  const auto* found = std::find_if(words.begin(), words.end(),
                                   [=](const auto& word) { return word.first == text; });
  if (found == words.end()) return not_a(wanted(into), text);
  into = found->second;
  return std::nullopt;
}

/// \return an empty text for a value without a word
template <class Value, std::size_t N>
std::string print_word(const Words<Value, N>& words, Value value) {
  const auto* found = std::find_if(words.begin(), words.end(),
                                   [=](const auto& word) { return word.second == value; });
  return in_quotes(found == words.end() ? std::string_view() : found->first);
}

}  // namespace gateway
