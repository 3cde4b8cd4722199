#include "websocket/frame_reader.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <new>

#include <wslay/wslay.h>

#include "json/utf8.hpp"

namespace vx11 {
inline namespace v0 {
namespace websocket {

namespace {

using Kind = Received::Kind;

constexpr std::size_t kMostControlBytes = 125;
constexpr std::uint16_t kProtocolError = 1002;
constexpr std::uint16_t kNotUtf8 = 1007;
constexpr std::uint16_t kTooBig = 1009;

Received failure(std::uint16_t code, std::string_view why) {
  return {.kind = Kind::failed, .code = code, .data = std::string(why)};
}

bool is_control(std::uint8_t opcode) noexcept {
  return (opcode & 0x8U) != 0;
}

bool is_known(std::uint8_t opcode) noexcept {
  return opcode <= WSLAY_BINARY_FRAME || (opcode >= WSLAY_CONNECTION_CLOSE && opcode <= WSLAY_PONG);
}

/// How many bytes at the start of `text` are whole characters.
std::size_t whole_characters(std::string_view text) noexcept {
  const std::size_t size = text.size();
  while (const std::size_t length = utf8::sequence_length(text)) text.remove_prefix(length);
  return size - text.size();
}

bool is_utf8(std::string_view text) noexcept {
  return whole_characters(text) == text.size();
}

/// Whether `text`, which does not begin with a whole character, may become one: it does so with the
/// smallest or the largest continuation bytes, whatever its first byte is.
bool is_start_of_character(std::string_view text) noexcept {
  constexpr std::size_t kLongest = 4;
  if (text.size() >= kLongest) return false;
  for (const char following : {'\x80', '\xBF'}) {
    std::array<char, kLongest> completed{};
    completed.fill(following);
    std::copy(text.begin(), text.end(), completed.begin());
    if (utf8::sequence_length({completed.data(), completed.size()}) > text.size()) return true;
  }
  return false;
}

Received close_of(std::string_view payload) {
  if (payload.empty()) return {.kind = Kind::close, .code = kNoCode};
  if (payload.size() == 1) return failure(kProtocolError, "half a status code");
  const auto high = static_cast<unsigned char>(payload[0]);
  const auto low = static_cast<unsigned char>(payload[1]);
  const auto code = static_cast<std::uint16_t>(high << 8U | low);
  if (!may_be_sent(code)) return failure(kProtocolError, "no such status code");
  payload.remove_prefix(2);
  if (!is_utf8(payload)) return failure(kNotUtf8, "the reason is not UTF-8");
  return {.kind = Kind::close, .code = code, .data = std::string(payload)};
}

}  // namespace

struct FrameReader::Frame {
  std::uint8_t opcode;
  bool is_last;
  bool is_masked;
  bool has_reserved_bits;
  std::uint64_t size;
};

void FrameReader::Free::operator()(wslay_frame_context* context) const noexcept {
  wslay_frame_context_free(context);
}

FrameReader::FrameReader(std::size_t max_message_bytes) : max_message_bytes_(max_message_bytes) {
  const wslay_frame_callbacks callbacks{nullptr, &FrameReader::give, nullptr};
  wslay_frame_context* context = nullptr;
  if (wslay_frame_context_init(&context, &callbacks, this) != 0) throw std::bad_alloc();
  context_.reset(context);
}

FrameReader::~FrameReader() = default;

long FrameReader::give(std::uint8_t* into, std::size_t size, int /*flags*/, void* self) noexcept {
  std::string_view& input = static_cast<FrameReader*>(self)->input_;
  FrameHead& head = static_cast<FrameReader*>(self)->head_;
  const auto count = static_cast<std::size_t>(
      std::min<std::uint64_t>(std::min(size, input.size()), head.wanted()));
  if (count == 0) return -1;
  std::memcpy(into, input.data(), count);
  head.add(input.substr(0, count));
  input.remove_prefix(count);
  return static_cast<long>(count);
}

Received FrameReader::next(std::string_view& input) {
  input_ = input;
  Received received;
  while (received.kind == Kind::none) {
    wslay_frame_iocb part{};
    const std::size_t before = input_.size();
    const auto read = wslay_frame_recv(context_.get(), &part);
    if (read == WSLAY_ERR_WANT_READ) {
      received = check_head();
      if (input_.size() == before) break;
      continue;
    }
    if (read < 0) {
      received = failure(kProtocolError, "no frame");
      break;
    }
    const Frame frame{part.opcode, part.fin != 0, part.mask != 0, part.rsv != 0,
                      part.payload_length};
    if (!in_frame_) received = check(frame);
    if (received.kind != Kind::none) break;
    const std::string_view payload(reinterpret_cast<const char*>(part.data), part.data_length);
    received = take(frame, part.data == nullptr ? std::string_view() : payload);
  }
  input = input_;
  return received;
}

/// A frame may announce what is refused, and send none of it.
Received FrameReader::check_head() const {
  if (in_frame_ || !head_.is_known()) return {};
  return check({head_.opcode(), head_.is_last(), head_.is_masked(), head_.has_reserved_bits(),
                head_.payload_size()});
}

Received FrameReader::check(const Frame& frame) const {
  if (!frame.is_masked) return failure(kProtocolError, "a frame is not masked");
  if (frame.has_reserved_bits) return failure(kProtocolError, "a reserved bit is set");
  if (!is_known(frame.opcode)) return failure(kProtocolError, "no such opcode");
  if (is_control(frame.opcode)) {
    if (!frame.is_last) return failure(kProtocolError, "a control frame is fragmented");
    if (frame.size > kMostControlBytes) return failure(kProtocolError, "a control frame is long");
    return {};
  }
  if (in_message_ != (frame.opcode == WSLAY_CONTINUATION_FRAME)) {
    return failure(kProtocolError, "fragments are out of order");
  }
  if (frame.size > max_message_bytes_ - message_.size()) {
    return failure(kTooBig, "the message is too long");
  }
  return {};
}

Received FrameReader::take(const Frame& frame, std::string_view payload) {
  in_frame_ = true;
  frame_read_ += payload.size();
  if (!is_control(frame.opcode) && frame.opcode != WSLAY_CONTINUATION_FRAME) {
    is_text_ = frame.opcode == WSLAY_TEXT_FRAME;
  }
  (is_control(frame.opcode) ? control_ : message_) += payload;
  if (is_text_ && !may_become_text()) return failure(kNotUtf8, "the text is not UTF-8");
  if (frame_read_ < frame.size) return {};
  in_frame_ = false;
  head_ = {};
  frame_read_ = 0;
  return end_of(frame);
}

/// Text is checked as it arrives: a long message that is wrong at its start is not read to its end.
bool FrameReader::may_become_text() noexcept {
  checked_ += whole_characters(std::string_view(message_).substr(checked_));
  return checked_ == message_.size() ||
         is_start_of_character(std::string_view(message_).substr(checked_));
}

Received FrameReader::end_of(const Frame& frame) {
  if (is_control(frame.opcode)) {
    std::string payload = std::exchange(control_, {});
    if (frame.opcode == WSLAY_CONNECTION_CLOSE) return close_of(payload);
    return {.kind = frame.opcode == WSLAY_PING ? Kind::ping : Kind::pong,
            .data = std::move(payload)};
  }
  in_message_ = !frame.is_last;
  if (in_message_) return {};
  std::string message = std::exchange(message_, {});
  const bool is_text = std::exchange(is_text_, false);
  if (std::exchange(checked_, 0) < message.size() && is_text) {
    return failure(kNotUtf8, "the text is not UTF-8");
  }
  return {.kind = Kind::message, .is_text = is_text, .data = std::move(message)};
}

bool may_be_sent(std::uint16_t code) noexcept {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
         (code >= 3000 && code <= 4999);
}

void append_frame(std::string& out, std::uint8_t opcode, std::string_view payload) {
  constexpr std::size_t kShort = 125;
  const std::size_t size = payload.size();
  const bool is_medium = size <= std::numeric_limits<std::uint16_t>::max();
  const std::size_t length_bytes = size <= kShort ? 0 : is_medium ? 2 : 8;
  out += static_cast<char>(0x80U | opcode);
  out += static_cast<char>(length_bytes == 0 ? size : length_bytes == 2 ? 126 : 127);
  for (std::size_t i = length_bytes; i > 0; --i) {
    out += static_cast<char>(static_cast<std::uint64_t>(size) >> (8 * (i - 1)));
  }
  out += payload;
}

std::string close_payload(std::uint16_t code, std::string_view reason) {
  constexpr std::size_t kMost = kMostControlBytes - 2;
  if (code == kNoCode) return {};
  std::string payload{static_cast<char>(code >> 8U), static_cast<char>(code & 0xFFU)};
  std::size_t cut = std::min(reason.size(), kMost);
  while (cut < reason.size() && cut > 0 &&
         (static_cast<unsigned char>(reason[cut]) & 0xC0U) == 0x80U) {
    --cut;
  }
  return payload.append(reason.substr(0, cut));
}

}  // namespace websocket
}  // namespace v0
}  // namespace vx11
