#pragma once

/// \file
/// `SharedText`: the text written of an object, shared by all callers that were given the object.
/// Internal.

#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// Keeps the text that was written last and the object it was written of. **Thread-safe**.
template <class Object>
class SharedText {
 public:
  /// \param write the text of an object; called under a lock, without blocking
  template <class Write>
  std::shared_ptr<const std::string> of(const std::shared_ptr<const Object>& object, Write write) {
    const std::lock_guard lock(mutex_);
    if (object_ != object) {
      text_ = std::make_shared<const std::string>(write(*object));
      object_ = object;
    }
    return text_;
  }

 private:
  std::mutex mutex_;
  std::shared_ptr<const Object> object_;
  std::shared_ptr<const std::string> text_;
};

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
