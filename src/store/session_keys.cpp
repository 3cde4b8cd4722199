#include <vx11/store/session_keys.hpp>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <openssl/crypto.h>

#include "auth/token_file_text.hpp"
#include "store/session_cipher.hpp"
#include "text/trimmed.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

std::atomic<std::uint64_t> rings{0};

}  // namespace

SessionKeys::Ring::Ring() noexcept : serial(rings.fetch_add(1, std::memory_order_relaxed) + 1) {}

SessionKeys::Ring::~Ring() {
  for (Entry& entry : keys) OPENSSL_cleanse(entry.key.data(), entry.key.size());
}

namespace {

using Ring = SessionKeys::Ring;

std::optional<Ring::Key> key_of(std::string_view digits) {
  Ring::Key key = {};
  if (digits.size() != 2 * key.size()) return std::nullopt;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const char* const at = digits.data() + 2 * i;
    const auto [end, error] = std::from_chars(at, at + 2, key[i], 16);
    if (error != std::errc() || end != at + 2) return std::nullopt;
  }
  return key;
}

/// \return what is wrong with the line; null: nothing
const char* add_key(Ring& ring, std::string_view line) {
  Ring::Entry entry;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), entry.number);
  if (error != std::errc() || entry.number == 0) {
    return "does not begin with the number of a key, 1 to 65535";
  }
  line.remove_prefix(static_cast<std::size_t>(end - line.data()));
  const auto key = key_of(trimmed(line, kJsonSpace));
  if (!key || !line.starts_with(' ')) {
    return "has no key of 64 hexadecimal digits after the number and a blank";
  }
  const auto is_same = [&](const Ring::Entry& other) { return other.number == entry.number; };
  if (std::any_of(ring.keys.begin(), ring.keys.end(), is_same)) {
    return "repeats the number of an earlier key; give each key another one";
  }
  entry.key = *key;
  ring.keys.push_back(entry);
  return nullptr;
}

const char* add_line(Ring& ring, std::string_view line) {
  line = trimmed(line, kJsonSpace);
  if (line.empty() || line.starts_with('#')) return nullptr;
  if (line != "plaintext") return add_key(ring, line);
  ring.accepts_plaintext = true;
  return nullptr;
}

}  // namespace

Result<SessionKeys> SessionKeys::parse(std::string_view text) {
  auto ring = std::make_shared<Ring>();
  // Otherwise a growing vector leaves copies behind that are not erased.
  ring->keys.reserve(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1);
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (const char* const mistake = add_line(*ring, text.substr(0, end))) {
      return fail(Errc::invalid_argument, fmt::format("line {} {}", number, mistake));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (ring->keys.empty()) {
    return fail(Errc::invalid_argument,
                "has no key; add a line of a number and the output of openssl rand -hex 32");
  }
  SessionKeys keys;
  keys.ring_ = std::move(ring);
  return keys;
}

Result<SessionKeys> SessionKeys::read(const std::string& path) {
  auto text =
      owners_file_text(path, {.holds = "encryption keys", .most_kib = 64, .is_secret = true});
  if (!text) return fail(std::move(text.error()));
  auto keys = parse(*text);
  OPENSSL_cleanse(text->data(), text->size());
  if (keys) return keys;
  return fail(Errc::invalid_argument, fmt::format("\"{}\": {}", path, keys.error().detail));
}

}  // namespace v0
}  // namespace vx11
