#include "store/redis_session_values.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>

#include "store/entropy.hpp"
#include "store/limits.hpp"
#include "store/session_cipher.hpp"

namespace vx11 {
inline namespace v0 {
namespace redis_sessions {

namespace {

constexpr char kPlain = 1;
constexpr char kSealed = 2;
constexpr char kLastForm = 15;  // of versions to come
constexpr char kHeaderPart = 'H';
constexpr char kTurnPart = 'T';
constexpr const char* kNewer = "a newer version wrote it; update this gateway";
constexpr std::size_t kWeightBytes = 4;
constexpr std::size_t kSumBytes = 6;
constexpr std::size_t kIdBytes = 8;

tl::unexpected<Error> unreadable(const char* reason) {
  return fail(Errc::storage, reason);
}

void put_random(std::string& out, std::size_t count) {
  std::array<unsigned char, kNonceBytes> random;
  fill_with_entropy(std::span(random).first(count));
  out.append(reinterpret_cast<const char*>(random.data()), count);
}

std::string weight_of(const Turn& turn) {
  constexpr std::size_t kMost = std::numeric_limits<std::uint32_t>::max();
  const std::size_t weight = std::min(detail::stored_bytes_of(turn), kMost);
  std::string bytes;
  for (unsigned shift = 32; shift > 0; shift -= 8)
    bytes += static_cast<char>(weight >> (shift - 8));
  return bytes;
}

/// Appends a nonce or an id, and `text` as it is or sealed.
Result<void> put_text(const SessionKeys& keys, const SealedPlace& place, std::size_t id_bytes,
                      std::string_view text, std::string& out) {
  const std::size_t at = out.size();
  const std::size_t random = keys ? kNonceBytes : id_bytes;
  put_random(out, random);
  if (keys) return seal(keys, place, out.substr(at, random), text, out);
  out.append(text);
  return {};
}

/// The text behind the byte that says whether it is sealed.
/// \param skipped bytes between that and the nonce or id
Result<std::string> text_of(const SessionKeys& keys, const SealedPlace& place, std::size_t skipped,
                            std::size_t id_bytes, std::string_view element) {
  const char form = element.front();
  if (form <= 0 || form > kLastForm) return unreadable("its value is not a session");
  if (form != kPlain && form != kSealed) return unreadable(kNewer);
  const std::size_t random = form == kSealed ? kNonceBytes : id_bytes;
  element.remove_prefix(1);
  if (element.size() < skipped + random) return unreadable("it is damaged");
  element.remove_prefix(skipped);
  const std::string_view nonce = element.substr(0, random);
  element.remove_prefix(random);
  if (form == kSealed) return unseal(keys, place, nonce, element);
  if (keys && !keys.ring()->accepts_plaintext) {
    return unreadable("it is not encrypted; a line plaintext in the file of keys accepts it");
  }
  return std::string(element);
}

}  // namespace

Result<std::string> Values::header(std::string_view session,
                                   const SessionBeginning& beginning) const {
  std::string out(kMagicAndVersion);
  out += keys_ ? kSealed : kPlain;
  const std::string packed = pack(beginning);
  auto done = put_text(keys_, SealedPlace(session, kHeaderPart), 0, packed, out);
  if (!done) return fail(std::move(done.error()));
  return out;
}

Result<NewTurn> Values::turn(std::string_view session, const Turn& turn) const {
  NewTurn made;
  made.before = (keys_ ? kSealed : kPlain) + weight_of(turn);
  auto done = put_text(keys_, SealedPlace(session, kTurnPart), kIdBytes, pack(turn), made.after);
  if (!done) return fail(std::move(done.error()));
  return made;
}

Result<SessionBeginning> Values::read_header(std::string_view session,
                                             std::string_view element) const {
  if (!element.starts_with(kMagic)) return unreadable("its value is not a session");
  if (element.size() <= kMagicAndVersion.size()) return unreadable("it is damaged");
  if (!element.starts_with(kMagicAndVersion)) {
    return unreadable(kNewer);
  }
  element.remove_prefix(kMagicAndVersion.size());
  const auto text = text_of(keys_, SealedPlace(session, kHeaderPart), 0, 0, element);
  if (!text) return fail(text.error());
  auto beginning = unpack_beginning(*text);
  if (!beginning) return unreadable("it is damaged");
  return *std::move(beginning);
}

Result<Turn> Values::read_turn(std::string_view session, std::string_view element) const {
  if (element.empty()) return unreadable("it is damaged");
  const auto text =
      text_of(keys_, SealedPlace(session, kTurnPart), kWeightBytes + kSumBytes, kIdBytes, element);
  if (!text) return fail(text.error());
  auto turn = unpack_turn(*text);
  if (!turn) return unreadable("it is damaged");
  return *std::move(turn);
}

}  // namespace redis_sessions
}  // namespace v0
}  // namespace vx11
