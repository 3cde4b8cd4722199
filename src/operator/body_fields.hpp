#pragma once

/// \file
/// Reads the members of a request body, and lists every mistake in them. Internal.

#include <vx11/http_message.hpp>
#include <vx11/result.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/scan.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// The mistakes in a request, in the format of FastAPI with pydantic 2, which clients of VX11
/// parse. The answer is bounded: it lists the first `kMost` and says how many more there are.
class Mistakes {
 public:
  static constexpr std::size_t kMost = 16;

  /// \param location a JSON array: `["body","message"]`
  /// \param message  the library's own text; nothing the client sent
  void add(std::string_view location, std::string_view message, std::string_view type);
  bool none() const noexcept { return count_ == 0; }
  /// 422 with the list.
  HttpResponse answer() const;

 private:
  std::string list_ = {};
  std::size_t count_ = 0;
};

/// `["body","name"]`
std::string in_body(std::string_view name);
/// `["body","name",index]`
std::string in_body(std::string_view name, std::size_t index);

/// The most elements of a list: far more than there are services.
inline constexpr std::size_t kMostChoices = 64;

/// Reads the expected members of a JSON object. Each reader records a mistake and then returns an
/// empty value, so that one answer reports all mistakes. A null member counts as absent where it is
/// optional. Texts are views, valid as long as the body and the object.
class BodyFields {
 public:
  /// \param body and names must outlive the object
  /// \return the answer to a body that is not a JSON object
  static tl::expected<BodyFields, HttpResponse> read(std::string_view body,
                                                     std::span<const std::string_view> names);
  /// For `read`, in place: moving what was read costs as much as reading a short body.
  BodyFields(std::string_view body, std::span<const std::string_view> names)
      : scanned_(json::scan_object(body, names)), names_(names) {}

  /// A required string that is not blank.
  std::string_view required_text(std::size_t field);
  /// A string of at most `most` bytes without control characters; empty if absent.
  std::string_view optional_word(std::size_t field, std::size_t most);
  /// The text of an object; `{}` if absent.
  std::string_view optional_object(std::size_t field);
  /// An integer between `least` and `most`.
  std::optional<std::int64_t> optional_integer(std::size_t field, std::int64_t least,
                                               std::int64_t most);
  /// One of `choices`; the first if absent.
  std::string_view optional_choice(std::size_t field,
                                   std::initializer_list<std::string_view> choices);
  /// A required list of one or more of `choices`, at most `kMostChoices`.
  std::vector<std::string> required_choices(std::size_t field,
                                            std::span<const std::string> choices);

  bool are_good() const noexcept { return mistakes_.none(); }
  HttpResponse complaint() const { return mistakes_.answer(); }

 private:
  const json::Member& member(std::size_t field) const noexcept { return scanned_->members[field]; }
  bool is_absent(std::size_t field) const noexcept;
  /// Whether the member is of that kind; records a mistake if not.
  bool expect(std::size_t field, json::Kind kind, std::string_view message, std::string_view type);
  void mistake(std::size_t field, std::string_view message, std::string_view type);

  Result<json::Scanned, json::ScanError> scanned_;
  std::span<const std::string_view> names_;
  Mistakes mistakes_ = {};
};

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
