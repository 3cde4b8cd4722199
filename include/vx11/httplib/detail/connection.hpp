#pragma once

/// \file
/// One connection and its successive requests. Internal to `vx11/httplib.hpp`.

#include <vx11/http_message.hpp>
#include <vx11/httplib/detail/framing.hpp>
#include <vx11/httplib/detail/stream.hpp>

#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <httplib.h>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// The outcome of sending a request over a connection.
struct Exchanged {
  Result<HttpResponse> answer;
  bool reusable = false;  ///< The connection may carry another request.
  bool got_any = false;   ///< A byte of a response arrived.
};

/// Speaks HTTP/1.1 over a channel. Of cpp-httplib's client it uses only the function that writes a
/// request to a stream and reads the response from it; its signature is unchanged from 0.11 to
/// 0.53. The rest (sockets, TLS, redirects, authentication) is unused.
class Connection final : private httplib::ClientImpl {
 public:
  explicit Connection(std::unique_ptr<Channel> channel)
      : ClientImpl("vx11.invalid"), channel_(std::move(channel)) {
    set_decompress(false);  // the body limit applies to the bytes the caller gets
  }

  bool quiet() const noexcept { return channel_->quiet(); }

  /// \param head of `request`, as text
  Exchanged exchange(const HttpRequest& request, std::string_view head, std::size_t max_body,
                     const DeadlineWaiter& waiter) {
    ExchangeStream stream(*channel_, waiter, head, request.body, raw_limit(max_body));
    httplib::Response response;
    HttpResponse answer;
    bool whole = false;
    httplib::Request reader;  // its request is not sent; it selects the responses without body
    reader.method = request.method;
    reader.path = "/";
    reader.response_handler = [&](const httplib::Response& so_far) {
      stream.head_is_read();
      if (auto flaw = flaw_in(so_far, max_body)) return stream.refuse(std::move(*flaw));
      whole = so_far.status == 304;  // cpp-httplib 0.11 would wait for a body
      return !whole;
    };
    reader.content_receiver = [&](const char* bytes, std::size_t size, std::uint64_t,
                                  std::uint64_t) {
      if (size > max_body - answer.body.size()) return stream.refuse(too_large());
      answer.body.append(bytes, size);
      return true;
    };
    whole = process(stream, reader, response) || whole;
    if (whole) finish(stream, request.method, response, answer);
    const auto control = control_fields_of(response.headers);
    const bool reusable =
        whole && stream.in_step() && response.version == "HTTP/1.1" && control && !control->close;
    Exchanged exchanged{
        .answer = std::move(answer), .reusable = reusable, .got_any = stream.got_any()};
    if (stream.failure() || !whole) exchanged.answer = fail(error_of(stream));
    return exchanged;
  }

 private:
  /// The most bytes a whole response may have, so that framing cannot use more memory than the body
  /// may; a chunk of one byte takes six.
  static std::size_t raw_limit(std::size_t max_body) noexcept {
    constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max();
    if (max_body > kMost / 16) return kMost;
    return max_body * 8 + 2 * ExchangeStream::kMaxHeadBytes;
  }

  static Error too_large() { return Error(Errc::too_large, "the answer is too large"); }

  bool process(ExchangeStream& stream, httplib::Request& request, httplib::Response& response) {
    auto error = httplib::Error::Success;
    try {
      return process_request(stream, request, response, false, error);
    } catch (const std::bad_alloc&) {
      throw;
    } catch (...) {  // from std::regex or std::stoi, over bytes that are not HTTP
      return false;
    }
  }

  static std::optional<Error> flaw_in(const httplib::Response& response, std::size_t max_body) {
    if (response.status < 200) return Error(Errc::invalid_reply, "the answer has no final status");
    const auto control = control_fields_of(response.headers);
    if (!control) {
      return Error(Errc::invalid_reply, "the answer contradicts itself about its length");
    }
    if (control->length.value_or(0) > max_body && response.status != 304) return too_large();
    return std::nullopt;
  }

  /// Final checks once everything has been read.
  static void finish(ExchangeStream& stream, const std::string& method,
                     const httplib::Response& response, HttpResponse& answer) {
    if (response.status < 200) {
      stream.refuse(Error(Errc::invalid_reply, "the answer has no final status"));
    }
    // cpp-httplib 0.11 treats a chunk with a misplaced end as the last one.
    const bool body = method != "HEAD" && response.status != 204 && response.status != 304;
    const auto control = control_fields_of(response.headers);
    if (body && control && control->chunked && !stream.at_empty_line()) {
      stream.refuse(Error(Errc::invalid_reply, "the chunks of the answer do not fit together"));
    }
    answer.status = response.status;
    for (const auto& [name, value] : response.headers) {
      // 0.11 decodes percent signs in values, which can produce line breaks.
      if (http_detail::is_field_value(value)) answer.headers.add(name, value);
    }
  }

  static Error error_of(const ExchangeStream& stream) {
    const bool cut = !stream.failure() || stream.failure()->code == Errc::unreachable;
    if (!cut) return *stream.failure();
    if (!stream.got_any()) return Error(Errc::unreachable, "closed without an answer");
    return Error(Errc::invalid_reply, "the answer was cut short or is not HTTP/1.1");
  }

  std::unique_ptr<Channel> channel_;
};

}  // namespace detail
}  // namespace v0
}  // namespace vx11
