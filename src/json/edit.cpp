#include "json/edit.hpp"

#include <algorithm>
#include <bitset>
#include <cstddef>

#include "json/text.hpp"
#include "json/values.hpp"
#include "text/trimmed.hpp"

namespace vx11 {
inline namespace v0 {
namespace json {

namespace {

/// Copies an object member by member.
class Editor {
 public:
  Editor(std::string_view object, std::span<const MemberEdit> edits)
      : object_(object), edits_(edits), copied_(object.find('{')), at_(copied_ + 1) {
    out_.reserve(object.size() + 128);
  }

  std::string run() && {
    for (;;) {
      at_ = skip_space(object_, at_);
      if (object_[at_] == '}') break;
      member();
      if (object_[at_] == ',') ++at_;
    }
    copy_to(at_);
    for (std::size_t i = 0; i < edits_.size(); ++i) {
      if (!found_[i] && edits_[i].when_absent == MemberEdit::WhenAbsent::add) add(edits_[i]);
    }
    out_ += '}';
    return std::move(out_);
  }

 private:
  void member() {
    any_ = true;
    const std::size_t end = end_of_string(object_, at_);
    const std::string_view name = object_.substr(at_ + 1, end - at_ - 2);
    const std::size_t begin = skip_space(object_, skip_space(object_, end) + 1);
    at_ = end_of_value(object_, begin);
    const std::size_t edit =
        name.find('\\') == std::string_view::npos ? edit_of(name) : edit_of(decoded(name));
    if (edit == edits_.size()) return;
    found_[edit] = true;
    copy_to(begin);
    out_ += edits_[edit].json;
    copied_ = begin + trimmed(object_.substr(begin, at_ - begin), kJsonSpace).size();
  }

  std::size_t edit_of(std::string_view name) const {
    const auto at = std::find_if(edits_.begin(), edits_.end(),
                                 [&](const MemberEdit& edit) { return edit.name == name; });
    return static_cast<std::size_t>(at - edits_.begin());
  }

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
  std::size_t at_;
  std::bitset<kMostEdits> found_ = {};
  bool any_ = false;
  std::string out_ = {};
};

}  // namespace

std::string with_members(std::string_view object, std::span<const MemberEdit> edits) {
  return Editor(object, edits).run();
}

}  // namespace json
}  // namespace v0
}  // namespace vx11
