#include "store/packed_session.hpp"

#include <cstdint>
#include <utility>

namespace vx11 {
inline namespace v0 {

namespace {

constexpr std::string_view kUsualRoles[] = {"user", "assistant"};
constexpr std::string_view kNoMetadata = "{}";

// Flags of a turn. Those of the answer are those of the question, shifted by two.
constexpr unsigned kHasRole = 1;
constexpr unsigned kHasMetadata = 2;
constexpr unsigned kAllFlags = 15;

void put(std::string& out, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7U) out += static_cast<char>(number | 0x80U);
  out += static_cast<char>(number);
}
void put(std::string& out, std::string_view text) {
  put(out, std::uint64_t{text.size()});
  out.append(text);
}

/// The bits of a time, which wrap around like those of `std::uint64_t`.
std::uint64_t bits(WallTime time) noexcept {
  return static_cast<std::uint64_t>(time.time_since_epoch().count());
}
WallTime time_of(std::uint64_t bits) noexcept {
  return WallTime(WallTime::duration(static_cast<std::int64_t>(bits)));
}
std::uint64_t zigzag(std::uint64_t bits) noexcept {
  return bits << 1U ^ (bits >> 63U != 0 ? ~std::uint64_t{0} : 0);
}
std::uint64_t unzigzag(std::uint64_t number) noexcept {
  return number >> 1U ^ ((number & 1U) != 0 ? ~std::uint64_t{0} : 0);
}

unsigned flags_of(const Message& message, std::string_view usual_role) noexcept {
  return (message.role == usual_role ? 0U : kHasRole) |
         (message.metadata_json == kNoMetadata ? 0U : kHasMetadata);
}

void put(std::string& out, const Message& message, unsigned flags) {
  if ((flags & kHasRole) != 0) put(out, message.role);
  if ((flags & kHasMetadata) != 0) put(out, message.metadata_json);
  put(out, message.content);
}

/// Takes parts from the front of a text; once one is missing, `failed` is true.
class Reader {
 public:
  explicit Reader(std::string_view text) noexcept : text_(text) {}

  std::uint64_t number() noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const unsigned byte = this->byte();
      if (shift == 63 && byte > 1) break;
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return byte == 0 && shift != 0 ? fail() : value;  // one spelling
    }
    return fail();
  }
  unsigned byte() noexcept {
    if (text_.empty()) return static_cast<unsigned>(fail());
    const auto first = static_cast<unsigned char>(text_.front());
    text_.remove_prefix(1);
    return first;
  }
  std::string_view text() noexcept {
    const std::uint64_t size = number();
    if (size > text_.size()) fail();
    const std::string_view taken = text_.substr(0, failed_ ? 0 : size);
    text_.remove_prefix(taken.size());
    return taken;
  }
  WallTime time() noexcept { return time_of(unzigzag(number())); }

  std::string_view rest() const noexcept { return text_; }
  bool failed() const noexcept { return failed_; }
  bool is_done() const noexcept { return !failed_ && text_.empty(); }
  std::uint64_t fail() noexcept {
    failed_ = true;
    return 0;
  }

 private:
  std::string_view text_;
  bool failed_ = false;
};

void take(Reader& from, Message& message, unsigned flags, std::string_view usual_role) {
  message.role = (flags & kHasRole) != 0 ? from.text() : usual_role;
  if ((flags & kHasMetadata) != 0) message.metadata_json = from.text();
  message.content = from.text();
}

}  // namespace

std::string pack(const SessionBeginning& beginning) {
  std::string out;
  put(out, zigzag(bits(beginning.created_at)));
  return out.append(beginning.user_id);
}

std::string pack(const Turn& turn) {
  const unsigned of_user = flags_of(turn.user, kUsualRoles[0]);
  const unsigned of_assistant = flags_of(turn.assistant, kUsualRoles[1]);
  std::string out;
  out.reserve(turn.user.content.size() + turn.assistant.content.size() +
              turn.user.metadata_json.size() + turn.assistant.metadata_json.size() + 64);
  out += static_cast<char>(of_user | of_assistant << 2U);
  put(out, zigzag(bits(turn.user.timestamp)));
  put(out, zigzag(bits(turn.assistant.timestamp) - bits(turn.user.timestamp)));
  put(out, turn.user, of_user);
  put(out, turn.assistant, of_assistant);
  return out;
}

std::optional<SessionBeginning> unpack_beginning(std::string_view packed) {
  Reader reader(packed);
  SessionBeginning beginning;
  beginning.created_at = reader.time();
  beginning.user_id = reader.rest();
  if (reader.failed()) return std::nullopt;
  return beginning;
}

std::optional<Turn> unpack_turn(std::string_view packed) {
  Reader reader(packed);
  const unsigned flags = reader.byte();
  if (flags > kAllFlags) return std::nullopt;
  Turn turn;
  turn.user.timestamp = reader.time();
  turn.assistant.timestamp = time_of(bits(turn.user.timestamp) + unzigzag(reader.number()));
  take(reader, turn.user, flags, kUsualRoles[0]);
  take(reader, turn.assistant, flags >> 2U, kUsualRoles[1]);
  const unsigned made =
      flags_of(turn.user, kUsualRoles[0]) | flags_of(turn.assistant, kUsualRoles[1]) << 2U;
  if (!reader.is_done() || flags != made) return std::nullopt;
  return turn;
}

}  // namespace v0
}  // namespace vx11
