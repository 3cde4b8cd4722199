#pragma once

/// \file
/// Bytes of a connection to replies, by hiredis' parser. Internal.

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "redis/error.hpp"
#include "redis/reply.hpp"

struct redisReader;

namespace vx11 {
inline namespace v0 {
namespace redis {

/// Parses replies of bounded size: the memory for an announced array is reserved only within the
/// bound, and that for a text once it is complete.
class ReplyReader {
 public:
  /// \param max_bytes of one reply, with the memory of its elements
  explicit ReplyReader(std::size_t max_bytes);
  ReplyReader(const ReplyReader&) = delete;
  ReplyReader& operator=(const ReplyReader&) = delete;
  ~ReplyReader();

  void feed(std::string_view bytes);
  /// \return none if no further reply is complete, or after a failure
  std::optional<Reply> next();
  /// Why nothing more can be read: `not_redis`, `too_large` or `exhausted`.
  std::optional<ErrorKind> failure() const noexcept { return failure_; }

 private:
  struct FreeReader {
    void operator()(redisReader* reader) const noexcept;
  };

  const std::size_t max_bytes_;
  std::unique_ptr<ReplyBuilder> builder_;
  std::unique_ptr<redisReader, FreeReader> reader_;
  std::optional<ErrorKind> failure_ = std::nullopt;
};

}  // namespace redis
}  // namespace v0
}  // namespace vx11
