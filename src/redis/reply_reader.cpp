#include "redis/reply_reader.hpp"

#include <algorithm>
#include <new>
#include <string>
#include <utility>

#include <hiredis/read.h>

namespace vx11 {
inline namespace v0 {
namespace redis {

/// What hiredis calls to build a reply. It hands the parent of an element in as
/// `task->parent->obj`, so elements are made in place, in an array that has its final size.
class ReplyBuilder {
 public:
  explicit ReplyBuilder(std::size_t max_bytes) noexcept : max_bytes_(max_bytes) {}

  static redisReplyObjectFunctions functions() noexcept {
    redisReplyObjectFunctions made{};
    made.createString = &text;
    made.createArray = &array;  // the overload for this version of hiredis
    made.createInteger = &integer;
    made.createNil = &nil;
    made.freeObject = [](void* /*reply*/) {};  // of `root_`, which is cleared with the next one
    return made;
  }

  void begin() noexcept { used_ = 0; }
  Reply take() noexcept { return std::exchange(root_, Reply()); }
  bool refused() const noexcept { return refused_; }

 private:
  static ReplyBuilder& of(const redisReadTask* task) noexcept {
    return *static_cast<ReplyBuilder*>(task->privdata);
  }
  Reply& place(const redisReadTask* task) noexcept {
    if (task->parent == nullptr) return root_;
    return static_cast<Reply*>(task->parent->obj)->items_[static_cast<std::size_t>(task->idx)];
  }
  bool may_use(std::size_t bytes) noexcept {
    refused_ = refused_ || bytes > max_bytes_ - used_;
    if (!refused_) used_ += bytes;
    return !refused_;
  }

  static Reply::Kind kind_of(int type) noexcept {
    if (type == REDIS_REPLY_ERROR) return Reply::Kind::error;
    return type == REDIS_REPLY_STATUS ? Reply::Kind::status : Reply::Kind::text;
  }

  static void* text(const redisReadTask* task, char* begin, std::size_t size) noexcept {
    return of(task).add_text(task, std::string_view(begin, size));
  }
  static void* array(const redisReadTask* task, int size) noexcept {
    return of(task).add_array(task, static_cast<std::size_t>(std::max(size, 0)));
  }
  static void* array(const redisReadTask* task, std::size_t size) noexcept {
    return of(task).add_array(task, size);
  }
  static void* integer(const redisReadTask* task, long long number) noexcept {
    Reply& made = of(task).place(task);
    made.kind_ = Reply::Kind::integer;
    made.integer_ = number;
    return &made;
  }
  static void* nil(const redisReadTask* task) noexcept { return &of(task).place(task); }

  /// A null result makes hiredis report that it is out of memory.
  void* add_text(const redisReadTask* task, std::string_view text) noexcept {
    if (!may_use(text.size())) return nullptr;
    Reply& made = place(task);
    try {
      made.text_ = text;
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
    made.kind_ = kind_of(task->type);
    return &made;
  }
  void* add_array(const redisReadTask* task, std::size_t size) noexcept {
    if (size > max_bytes_ / sizeof(Reply)) refused_ = true;
    if (!may_use(size * sizeof(Reply))) return nullptr;
    Reply& made = place(task);
    try {
      made.items_.resize(size);
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
    made.kind_ = Reply::Kind::array;
    return &made;
  }

  const std::size_t max_bytes_;
  std::size_t used_ = 0;
  bool refused_ = false;
  Reply root_;
};

void ReplyReader::FreeReader::operator()(redisReader* reader) const noexcept {
  redisReaderFree(reader);
}

ReplyReader::ReplyReader(std::size_t max_bytes)
    : max_bytes_(max_bytes), builder_(std::make_unique<ReplyBuilder>(max_bytes)) {
  static redisReplyObjectFunctions functions = ReplyBuilder::functions();
  reader_.reset(redisReaderCreateWithFunctions(&functions));
  if (!reader_) throw std::bad_alloc();
  reader_->privdata = builder_.get();
}

ReplyReader::~ReplyReader() = default;

void ReplyReader::feed(std::string_view bytes) {
  if (failure_) return;
  if (redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK) {
    failure_ = ErrorKind::exhausted;
  }
}

std::optional<Reply> ReplyReader::next() {
  if (failure_) return std::nullopt;
  void* made = nullptr;
  if (redisReaderGetReply(reader_.get(), &made) != REDIS_OK) {
    const bool is_shortage = reader_->err == REDIS_ERR_OOM && !builder_->refused();
    failure_ = is_shortage ? ErrorKind::exhausted : ErrorKind::not_redis;
    if (builder_->refused()) failure_ = ErrorKind::too_large;
    return std::nullopt;
  }
  if (made != nullptr) {
    builder_->begin();
    return builder_->take();
  }
  if (reader_->len - reader_->pos > max_bytes_) failure_ = ErrorKind::too_large;
  return std::nullopt;
}

}  // namespace redis
}  // namespace v0
}  // namespace vx11
