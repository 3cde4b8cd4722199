#include "text/mistake_list.hpp"

#include <utility>

namespace vx11 {
inline namespace v0 {

void MistakeList::about(std::string_view part) {
  part_.assign(part).append(part.empty() ? "" : ": ");
}

void MistakeList::about(std::string_view kind, std::string_view name) {
  part_.assign(kind).append(" \"").append(name).append("\": ");
}

void MistakeList::add(std::string_view mistake) {
  if (!text_.empty()) text_ += "; ";
  text_.append(part_).append(mistake);
}

Result<void> MistakeList::result() && {
  if (text_.empty()) return {};
  return fail(Errc::invalid_argument, std::move(text_));
}

}  // namespace v0
}  // namespace vx11
