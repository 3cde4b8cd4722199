#include "json/edit.hpp"

#include <algorithm>
#include <bitset>
#include <cstddef>
#include <utility>

#include "json/text.hpp"

namespace vx11 {
inline namespace v0 {
namespace json {

namespace {

/// Copies an object member by member.
class Editor final : public MemberSink {
 public:
  Editor(std::string_view object, std::span<const MemberEdit> edits)
      : object_(object), edits_(edits), copied_(std::min(object.find('{'), object.size())) {
    out_.reserve(object.size() + 128);
  }

  void member(std::string_view name, std::string_view value) override {
    any_ = true;
    const auto edit = std::find_if(edits_.begin(), edits_.end(),
                                   [name](const MemberEdit& each) { return each.name == name; });
    if (edit == edits_.end()) return;
    found_.set(static_cast<std::size_t>(edit - edits_.begin()));
    const auto begin = static_cast<std::size_t>(value.data() - object_.data());
    copy_to(begin);
    out_ += edit->json;
    copied_ = begin + value.size();
  }

  /// After the last member of a valid object.
  std::string finish() && {
    copy_to(object_.rfind('}'));
    for (std::size_t i = 0; i < edits_.size(); ++i) {
      if (!found_[i] && edits_[i].when_absent == MemberEdit::WhenAbsent::add) add(edits_[i]);
    }
    out_ += '}';
    return std::move(out_);
  }

 private:
  void add(const MemberEdit& edit) {
    if (any_) out_ += ',';
    any_ = true;
    append_string(out_, edit.name);
    out_ += ':';
    out_ += edit.json;
  }

  void copy_to(std::size_t end) {
    out_ += object_.substr(copied_, end - copied_);
    copied_ = end;
  }

  std::string_view object_;
  std::span<const MemberEdit> edits_;
  std::size_t copied_;  ///< How much of the object is in `out_` or replaced.
  std::bitset<kMostEdits> found_ = {};
  bool any_ = false;
  std::string out_ = {};
};

}  // namespace

Result<std::string, ScanError> edited(std::string_view text, std::span<const MemberEdit> edits) {
  Editor editor(text, edits);
  if (auto read = scan_members(text, editor); !read) return tl::unexpected(std::move(read.error()));
  return std::move(editor).finish();
}

std::string with_members(std::string_view object, std::span<const MemberEdit> edits) {
  auto made = edited(object, edits);
  return made ? *std::move(made) : std::string(object);
}

}  // namespace json
}  // namespace v0
}  // namespace vx11
