#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace upstream {

/// Splits `text` so that every piece but the last ends with a space; joined they are `text`.
inline std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const auto space = text.find(' ');
    const auto size = space == std::string_view::npos ? text.size() : space + 1;
    words.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return words;
}

/// Exactly `count` pieces: the words of `text`, repeated.
inline std::string repeated(std::string_view text, std::size_t count) {
  const auto words = words_of(text);
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    out += words[i % words.size()];
    if (out.back() != ' ' && i + 1 < count) out += ' ';
  }
  return out;
}

}  // namespace upstream
