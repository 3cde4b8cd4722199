#pragma once

/// \file
/// Reading the members of a request body, with every mistake in them listed. Internal.

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

/// The mistakes in a request, worded as FastAPI with pydantic 2 words them, which clients of VX11
/// read.
class Mistakes {
 public:
  /// \param location a JSON array: `["body","message"]`
  void add(std::string_view location, std::string_view message, std::string_view type);
  bool none() const noexcept { return list_.empty(); }
  /// 422 with all of them.
  HttpResponse answer() const;

 private:
  std::string list_ = {};
};

/// `["body","name"]`
std::string in_body(std::string_view name);
/// `["body","name",index]`
std::string in_body(std::string_view name, std::size_t index);

/// The members of a JSON object that an endpoint knows. Each reader notes what is wrong and then
/// returns an empty value, so that one can read on and report everything at once. A member that is
/// null counts as absent where it may be absent. Texts are views that last as long as the body and
/// the object.
class BodyFields {
 public:
  /// \param body and names must outlive the object
  /// \return the answer to a body that is no JSON object
  static tl::expected<BodyFields, HttpResponse> read(std::string_view body,
                                                     std::span<const std::string_view> names);

  /// A string that has to be there, with more in it than space.
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
  /// A list that has to be there, of one or more of `choices`.
  std::vector<std::string> required_choices(std::size_t field,
                                            std::span<const std::string> choices);

  bool are_good() const noexcept { return mistakes_.none(); }
  HttpResponse complaint() const { return mistakes_.answer(); }

 private:
  BodyFields(json::Scanned&& scanned, std::span<const std::string_view> names)
      : scanned_(std::move(scanned)), names_(names) {}

  const json::Member& member(std::size_t field) const noexcept { return scanned_.members[field]; }
  bool is_absent(std::size_t field) const noexcept;
  /// Whether the member is of that kind; a mistake is noted if not.
  bool expect(std::size_t field, json::Kind kind, std::string_view message, std::string_view type);
  void mistake(std::size_t field, std::string_view message, std::string_view type);

  json::Scanned scanned_;
  std::span<const std::string_view> names_;
  Mistakes mistakes_ = {};
};

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
