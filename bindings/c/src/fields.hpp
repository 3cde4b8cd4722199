#pragma once

/// \file
/// Reads a description, the text of a JSON object, and collects every mistake in it.

#include <vx11/http_message.hpp>
#include <vx11/result.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace vx11::c {

/// The value of a JSON text; discarded if it is none, or nests deeper than 64, where walking it
/// could overflow the stack.
nlohmann::json parsed_shallow(std::string_view text);

/// One JSON object. `read` leaves its value unchanged if the field is absent. Mistakes in a nested
/// object are reported by `finish` of the outer one, provided `end` was called on the nested one.
class Fields {
 public:
  /// Null and "" mean an object without fields.
  explicit Fields(const char* text);

  void read(const char* name, std::string& value);
  void read(const char* name, bool& value);
  void read(const char* name, std::uint16_t& value);
  void read(const char* name, std::uint32_t& value);
  void read(const char* name, std::size_t& value);
  void read(const char* name, double& value);
  void read(const char* name, std::vector<std::string>& value);
  void read(const char* name, std::vector<int>& value);
  void read(const char* name, Headers& value);
  /// A number of milliseconds or seconds; fractions are allowed.
  void read_ms(const char* name, std::chrono::nanoseconds& value);
  /// The same for a field that was renamed in 0.2. Giving both names is a mistake.
  void read_ms(const char* name, const char* old_name, std::chrono::nanoseconds& value);
  void read_ms(const char* name, std::optional<std::chrono::nanoseconds>& value);
  void read_s(const char* name, std::optional<std::chrono::seconds>& value);
  /// Any object, as text.
  void read_object(const char* name, std::string& json);
  void require(const char* name, std::string& value);

  bool has(const char* name) const;
  bool is_object(const char* name) const;
  Fields object(const char* name);
  std::vector<Fields> objects(const char* name);

  /// Records that `name` is wrong: "`name` `what`".
  void mistake(const char* name, const char* what);
  /// The same if the field is there and was not read.
  void refuse(const char* name, const char* what);

  /// Call after the last read: reports the fields that remain as unknown.
  void end();
  /// Calls `end` and returns every mistake, each with the name of its field.
  Result<void> finish();

 private:
  using Json = nlohmann::json;
  struct Root;
  Fields(std::shared_ptr<Root> root, const Json* json, std::string where);

  const Json* take(const char* name);
  template <class T>
  void read_unsigned(const char* name, T& value);
  void read_count(const char* name, double unit_ns, std::chrono::nanoseconds& value);

  std::shared_ptr<Root> root_;
  const Json* json_;
  std::string where_;
  std::set<std::string> taken_;
};

}  // namespace vx11::c
