#include "gateway/settings/toml_depth.hpp"

namespace gateway {

namespace {

/// Counts the parts of keys. Strings and comments, in which dots mean nothing, are skipped.
class KeyWalk {
 public:
  explicit KeyWalk(std::string_view toml) : toml_(toml) {}

  std::optional<std::size_t> run() {
    for (; at_ < toml_.size(); ++at_) {
      const char c = toml_[at_];
      if (c == '"' || c == '\'') {
        skip_string(c);
      } else if (c == '#') {
        skip_comment();
      } else if (c == '.') {
        if (++dots_ >= kMostKeyParts) return line_;
      } else {
        end_key(c);
      }
    }
    return std::nullopt;
  }

 private:
  void end_key(char c) {
    if (c == '\n') ++line_;
    if (std::string_view("\n=,[]{}").find(c) != std::string_view::npos) dots_ = 0;
  }

  void skip_comment() {
    const std::size_t end = toml_.find('\n', at_);
    at_ = (end == std::string_view::npos ? toml_.size() : end) - 1;  // the line feed is read next
  }

  /// Leaves `at_` at the last quote, or at the end of a string that is not closed.
  void skip_string(char quote) {
    const std::string_view three = quote == '"' ? R"(""")" : "'''";
    const bool many_lines = toml_.substr(at_, 3) == three;
    const std::string_view closing = many_lines ? three : three.substr(0, 1);
    for (at_ += closing.size(); at_ < toml_.size(); ++at_) {
      if (toml_.substr(at_, closing.size()) == closing) break;
      if (toml_[at_] == '\n') {
        ++line_;
        if (!many_lines) return;
      }
      if (toml_[at_] == '\\' && quote == '"' && toml_.substr(at_ + 1, 1) != "\n") ++at_;
    }
    at_ += closing.size() - 1;
  }

  std::string_view toml_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t dots_ = 0;
};

}  // namespace

std::optional<std::size_t> find_deep_key(std::string_view toml) {
  return KeyWalk(toml).run();
}

}  // namespace gateway
