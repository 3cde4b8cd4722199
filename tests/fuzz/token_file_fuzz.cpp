// Token files: every text gives entries or a mistake with its line, entries are printed as they
// were parsed, and a file that was cut off is refused.

#include <vx11/token_file.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "fuzz.hpp"

namespace {

bool is_same(const vx11::TokenEntry& a, const vx11::TokenEntry& b) {
  return a.name == b.name && a.scopes == b.scopes && a.expires == b.expires && a.digest == b.digest;
}

void check_entries(const std::vector<vx11::TokenEntry>& entries) {
  for (const vx11::TokenEntry& entry : entries) {
    fuzz::require(vx11::is_token_name(entry.name), "a name can be a name");
    fuzz::require(!entry.scopes.empty(), "a token has a scope");
  }
  const auto again = vx11::parse_token_file(vx11::print_token_file(entries));
  fuzz::require(again && again->size() == entries.size(), "what is printed is parsed again");
  for (std::size_t i = 0; i < entries.size(); ++i) {
    fuzz::require(is_same((*again)[i], entries[i]), "and means the same");
  }
}

void check_cut(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  for (std::size_t left = 1; left <= 80 && left <= text.size(); ++left) {
    fuzz::require(!vx11::parse_token_file(text.substr(0, text.size() - left)),
                  "a file that was cut off is refused");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const auto parsed = vx11::parse_token_file(text);
  if (parsed) {
    check_entries(*parsed);
    check_cut(text);
  } else {
    fuzz::require(parsed.error().detail.starts_with("line "), "a mistake has a line");
  }
  (void)vx11::is_token(text);
  (void)vx11::parse_scopes(text);
  return 0;
}
