#include "stream.hpp"

#include <vx11/to_json.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "chat_request.hpp"
#include "handles.hpp"

using namespace vx11::c;

namespace {

using Json = nlohmann::ordered_json;

std::string text_of_json(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Requests a stop of `closing` when the caller's token is.
auto forward(const std::stop_token& from, std::stop_source& closing) {
  return std::stop_callback(from, [closing]() mutable { closing.request_stop(); });
}

std::stop_token token_of(const vx11_stop* stop) {
  const auto source = optional(stop);
  return source ? source->source.get_token() : std::stop_token();
}

/// Collects pieces on whichever thread they arrive; callbacks run on the caller's.
class Collector final : public vx11::ChatPieceSink {
 public:
  void take(std::string_view data, std::string_view text) override {
    pieces.emplace_back(std::string(data), std::string(text));
  }
  vx11_stream::Pieces pieces;
};

/// Short enough to need no memory.
vx11::Error out_of_memory() {
  return vx11::Error(vx11::Errc::exhausted, "out of memory");
}

Json count_or_null(const std::optional<std::uint64_t>& count) {
  return count ? Json(*count) : Json(nullptr);
}

}  // namespace

vx11_stream::vx11_stream(std::stop_source closing, vx11::ChatStream stream)
    : closing_(std::move(closing)), stream_(std::move(stream)), summary_(described_state(false)) {}

/// The right to read; one call has it at a time.
class vx11_stream::Reading {
 public:
  explicit Reading(vx11_stream& stream) : in_use_(stream.in_use_) {
    if (in_use_.exchange(true)) throw Misuse{"the stream is being read by another call"};
  }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;
  ~Reading() { in_use_ = false; }

 private:
  std::atomic<bool>& in_use_;
};

vx11::Error vx11_stream::described(vx11::Error error) const {
  error.detail = "the stream ended early, after " + std::to_string(pieces_) +
                 (pieces_ == 1 ? " piece: " : " pieces: ") + error.detail;
  return error;
}

vx11::Result<vx11_stream::Pieces> vx11_stream::read_more(std::int64_t timeout_ms) {
  Collector collector;
  const vx11::Deadline limit = deadline_of(timeout_ms, nullptr);
  broken_ = out_of_memory();  // unless the next line returns
  auto more = sync_wait(stream_.read(collector, vx11::Deadline(limit.at(), closing_.get_token())));
  broken_.reset();
  pieces_ += collector.pieces.size();
  if (!more) broken_ = described(std::move(more.error()));
  ended_ = !more || !*more;
  if (!broken_ || !collector.pieces.empty()) return std::move(collector.pieces);
  publish(described_state(false));
  return vx11::fail(*broken_);
}

vx11::Result<vx11_stream::Pieces> vx11_stream::next(std::int64_t timeout_ms,
                                                    const std::stop_token& stop) {
  if (broken_) return vx11::fail(*broken_);
  if (ended_) return Pieces();
  const auto forwarding = forward(stop, closing_);
  return read_more(timeout_ms);
}

/// Calls `take`, and counts the pieces as lost if it throws.
void vx11_stream::hand_over(const std::function<void()>& take) {
  auto before = std::exchange(broken_, out_of_memory());
  std::string summary = ended_ ? described_state(!before) : std::string();
  take();
  broken_ = std::move(before);
  if (ended_) publish(std::move(summary));
}

vx11::Result<void> vx11_stream::read(std::int64_t timeout_ms, const std::stop_token& stop,
                                     const std::function<void(const Pieces&)>& take) {
  const Reading reading(*this);
  const auto pieces = next(timeout_ms, stop);
  if (!pieces) return vx11::fail(pieces.error());
  hand_over([&] { take(*pieces); });
  return {};
}

vx11::Result<void> vx11_stream::each(std::int64_t timeout_ms, const std::stop_token& stop,
                                     const std::function<bool(const vx11::ChatPiece&)>& deliver) {
  const Reading reading(*this);
  for (bool more = true; more;) {
    const auto pieces = next(timeout_ms, stop);
    if (!pieces) return vx11::fail(pieces.error());
    hand_over([&] {
      for (auto piece = pieces->begin(); more && piece != pieces->end(); ++piece) {
        more = deliver_one(deliver, *piece);
      }
    });
    if (pieces->empty()) return {};
  }
  return vx11::fail(ended_by_caller());
}

vx11::Error vx11_stream::ended_by_caller() {
  close();
  broken_.emplace(vx11::Errc::cancelled, "the caller ended the stream");
  publish(described_state(false));
  return *broken_;
}

std::string vx11_stream::summary() {
  const std::lock_guard lock(publishing_);
  return summary_;
}

void vx11_stream::publish(std::string summary) {
  const std::lock_guard lock(publishing_);
  summary_ = std::move(summary);
}

std::string vx11_stream::described_state(bool complete) {
  vx11::ChatReply reply;
  reply.source = stream_.source();
  reply.reason = stream_.reason();
  reply.attempts = stream_.attempts();
  reply.upstream_json = stream_.upstream_json();
  Json json = Json::parse(to_json(reply));
  json.erase("text");
  json.erase("rank");
  const vx11::ChatEnding& ending = stream_.ending();
  json["finish_reason"] = complete ? Json(ending.finish_reason) : Json(nullptr);
  json["input_tokens"] = count_or_null(ending.input_tokens);
  json["output_tokens"] = count_or_null(ending.output_tokens);
  return text_of_json(json);
}

bool vx11_stream::deliver_one(const std::function<bool(const vx11::ChatPiece&)>& deliver,
                              const vx11::ChatPiece& piece) {
  const std::lock_guard lock(delivering_);
  return !closed_ && deliver(piece) && !closed_;
}

void vx11_stream::close() {
  closing_.request_stop();
  const std::lock_guard lock(delivering_);
  closed_ = true;
}

namespace {

Ending open(const vx11_router& router, const char* chat, std::int64_t timeout_ms,
            const vx11_stop* stop, vx11_stream** stream) {
  vx11_stream*& place = result(stream);
  auto request = chat_request(chat);
  if (!request) return failure(request.error());
  std::stop_source closing;
  const auto forwarding = forward(token_of(stop), closing);
  const vx11::Deadline limit = deadline_of(timeout_ms, nullptr);
  auto opened = sync_wait(router.router.async_stream(
      std::cref(*request), vx11::Deadline(limit.at(), closing.get_token())));
  if (!opened) return failure(opened.error());
  return give(std::make_shared<vx11_stream>(std::move(closing), *std::move(opened)), &place);
}

Ending give_pieces(const vx11_stream::Pieces& pieces, char** out) {
  if (pieces.empty()) {
    result(out) = nullptr;
    return {};
  }
  Json list = Json::array();
  for (const vx11::ChatPiece& piece : pieces) {
    list.push_back({{"text", piece.text}, {"data", piece.data}});
  }
  return give(text_of_json(list), out);
}

/// Delivers every piece until the end or until `on_piece` ends it.
Ending deliver_all(vx11_stream& stream, vx11_on_piece on_piece, void* context,
                   std::int64_t timeout_ms, const vx11_stop* stop) {
  const auto all = stream.each(timeout_ms, token_of(stop), [&](const vx11::ChatPiece& piece) {
    return on_piece(context, piece.text.c_str(), piece.text.size(), piece.data.c_str(),
                    piece.data.size()) == 0;
  });
  return all ? Ending() : failure(all.error());
}

}  // namespace

vx11_code vx11_router_stream(const vx11_router* router, const char* chat, int64_t timeout_ms,
                             const vx11_stop* stop, vx11_stream** stream, char** error) {
  return guarded(error, [&] { return open(*needed(router), chat, timeout_ms, stop, stream); });
}

vx11_code vx11_stream_read(vx11_stream* stream, int64_t timeout_ms, const vx11_stop* stop,
                           char** pieces, char** error) {
  return guarded(error, [&] {
    result(pieces);
    Ending given;
    const auto read = needed(stream)->read(
        timeout_ms, token_of(stop),
        [&](const vx11_stream::Pieces& arrived) { given = give_pieces(arrived, pieces); });
    return read ? given : failure(read.error());
  });
}

vx11_code vx11_stream_each(vx11_stream* stream, vx11_on_piece on_piece, void* context,
                           int64_t timeout_ms, const vx11_stop* stop, char** error) {
  return guarded(error, [&] {
    if (on_piece == nullptr) return misuse("on_piece is NULL");
    return deliver_all(*needed(stream), on_piece, context, timeout_ms, stop);
  });
}

vx11_code vx11_stream_summary(vx11_stream* stream, char** summary, char** error) {
  return guarded(error, [&] { return give(needed(stream)->summary(), summary); });
}

vx11_code vx11_stream_free(vx11_stream* stream) {
  if (stream == nullptr) return VX11_OK;
  return guarded(nullptr, [&] {
    const auto taken =
        std::static_pointer_cast<vx11_stream>(HandleTable::instance().take(Kind::stream, stream));
    if (!taken) throw BadHandle{Kind::stream, stream};
    taken->close();
    return Ending();
  });
}
