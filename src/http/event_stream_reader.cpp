#include <vx11/event_stream_reader.hpp>

#include <utility>

#include "http/sse.hpp"

namespace vx11 {
inline namespace v0 {

class EventStreamReader::Impl {
 public:
  explicit Impl(std::unique_ptr<BodyStream> body) noexcept : body_(std::move(body)) {}

  Task<Result<std::optional<StreamEvent>>> next(Deadline deadline) {
    for (;;) {
      std::optional<StreamEvent> event = parsed();
      if (event) co_return event;
      if (parser_.overflowed()) co_return fail(Errc::too_large, "an event exceeds 1 MiB");
      if (body_ == nullptr) co_return std::nullopt;
      auto reading = body_->next(deadline);
      Result<std::string> piece = co_await std::move(reading);
      if (!piece) {
        body_.reset();
        co_return fail(std::move(piece.error()));
      }
      take(*std::move(piece));
    }
  }

 private:
  std::optional<StreamEvent> parsed() {
    const std::optional<SseEvent> seen = parser_.next();
    if (!seen) return std::nullopt;
    StreamEvent event;
    event.name = seen->name;
    event.data = seen->data;
    event.id = seen->id;
    return event;
  }

  void take(std::string piece) {
    if (!piece.empty()) return parser_.feed(std::move(piece));
    body_.reset();
    parser_.end();
  }

  std::unique_ptr<BodyStream> body_;  ///< Null once it has ended.
  SseParser parser_ = {};
};

EventStreamReader::EventStreamReader(std::unique_ptr<BodyStream> body)
    : impl_(std::make_unique<Impl>(std::move(body))) {}
EventStreamReader::EventStreamReader(EventStreamReader&&) noexcept = default;
EventStreamReader& EventStreamReader::operator=(EventStreamReader&&) noexcept = default;
EventStreamReader::~EventStreamReader() = default;

Task<Result<std::optional<StreamEvent>>> EventStreamReader::next(Deadline deadline) {
  return impl_->next(std::move(deadline));
}

}  // namespace v0
}  // namespace vx11
