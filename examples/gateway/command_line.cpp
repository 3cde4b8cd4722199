#include "gateway/command_line.hpp"

#include <vx11/version.hpp>

#include <deque>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "gateway/values/shown_text.hpp"
#include "gateway/values/spelling.hpp"

namespace gateway {

namespace {

/// A CLI11 application with the flags of the settings table.
class Parser {
 public:
  explicit Parser(const Program& program)
      : program_(program), app_(std::string(program.about), std::string(program.name)) {
    app_.set_version_flag("--version", fmt::format("{} {}", program.name, VX11_VERSION_STRING));
    app_.footer(std::string(program.footer));
    app_.allow_extras();
    // The last one wins, so that a script's flags can be overridden by arguments it appends.
    app_.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    for (const Setting& setting : program.settings.all()) {
      if (!setting.flag.empty()) add(setting);
    }
    for (const Setting& setting : program.settings.retired()) {
      if (!setting.flag.empty()) add(setting)->group("");  // accepted, and not in --help
    }
    config_ = app_.add_option("--config", config_file_, "TOML file with settings")
                  ->type_name("FILE")
                  ->expected(0, 1);
    app_.add_flag("--check-config", check_config_,
                  "Print the settings in force and where each comes from, or every mistake");
    app_.add_flag("--print-settings-markdown", print_manual_)->group("");
    if (program.has_telemetry_manual) {
      app_.add_flag("--print-telemetry-markdown", print_telemetry_)->group("");
    }
  }

  CommandLine parse(int argc, const char* const* argv) {
    CommandLine line;
    try {
      app_.parse(argc, argv);
      take_flags(line.flags);
      take_unknown(line.flags);
      if (config_->count() != 0 && config_file_.empty()) {
        line.flags.mistakes.push_back(needs_value("--config", "FILE"));
      }
    } catch (const CLI::Success&) {
      throw;
    } catch (const CLI::ParseError& error) {
      line.flags.mistakes.push_back({.where = "command line", .what = error.what()});
    }
    if (!config_file_.empty()) line.config_file = config_file_;
    if (check_config_) line.job = Job::check_config;
    if (print_manual_) line.job = Job::print_manual;
    if (print_telemetry_) line.job = Job::print_telemetry;
    return line;
  }

  std::string help() const { return app_.help(); }

 private:
  struct Flag {
    const Setting* setting = nullptr;
    std::string value = {};
    CLI::Option* option = nullptr;
  };

  CLI::Option* add(const Setting& setting) {
    Flag& flag = flags_.emplace_back();
    flag.setting = &setting;
    flag.option = app_.add_option(std::string(setting.flag), flag.value, std::string(setting.doc))
                      ->type_name(std::string(setting.value_name))
                      ->expected(0, 1);  // 1 would stop at the first flag without a value
    return flag.option;
  }

  void take_flags(Assignments& into) {
    for (Flag& flag : flags_) {
      if (flag.option->count() == 0) continue;
      const bool is_switch = flag.setting->value_name.empty();
      if (flag.value.empty() && is_switch) flag.value = "true";
      if (flag.value.empty()) {
        into.mistakes.push_back(
            needs_value(flag.setting->flag, flag.setting->value_name, flag.setting->key));
        continue;
      }
      into.values.push_back({.setting = flag.setting,
                             .text = std::move(flag.value),
                             .origin = {Origin::Source::flag, std::string(flag.setting->flag)}});
    }
  }

  static Mistake needs_value(std::string_view flag, std::string_view value_name,
                             std::string_view key = {}) {
    return {.where = std::string(flag),
            .what = fmt::format("needs a value: {}", value_name),
            .key = std::string(key)};
  }

  void take_unknown(Assignments& into) const {
    bool after_unknown_flag = false;
    for (const std::string& extra : app_.remaining()) {
      const bool is_flag = extra.starts_with('-');
      if (is_flag) {
        into.mistakes.push_back(unknown_flag(flag_in(extra)));
      } else if (!after_unknown_flag) {
        into.mistakes.push_back({.where = "command line",
                                 .what = "an argument belongs to no flag; all arguments are flags "
                                         "with their values, see --help"});
      }
      after_unknown_flag = is_flag;
    }
  }

  /// The flag without a value, which may be a secret and follow a short flag at once.
  static std::string flag_in(const std::string& argument) {
    if (!argument.starts_with("--")) return argument.substr(0, 2);
    return "--" + shown_key(argument.substr(2, argument.find('=') - 2));
  }

  Mistake unknown_flag(const std::string& name) const {
    if (name.find("token") != std::string::npos || name.find("secret") != std::string::npos) {
      return {.where = name,
              .what = fmt::format("there is no flag for a secret, because a command line is "
                                  "visible to every user of the machine; {}",
                                  program_.secrets_hint)};
    }
    std::vector<std::string_view> names{"--config", "--check-config", "--version", "--help"};
    for (const Flag& flag : flags_) {
      if (flag.setting->retired.empty()) names.push_back(flag.setting->flag);
    }
    const std::string near = did_you_mean(name, names);
    return {.where = name, .what = "no such flag" + (near.empty() ? ", see --help" : near)};
  }

  const Program& program_;
  CLI::App app_;
  std::deque<Flag> flags_ = {};  // CLI11 keeps pointers to the values
  std::string config_file_ = {};
  CLI::Option* config_ = nullptr;
  bool check_config_ = false;
  bool print_manual_ = false;
  bool print_telemetry_ = false;
};

}  // namespace

CommandLine read_command_line(int argc, const char* const* argv, const Program& program) {
  Parser parser(program);
  try {
    return parser.parse(argc, argv);
  } catch (const CLI::CallForVersion& version) {
    return {.job = Job::print_text, .text = fmt::format("{}\n", version.what())};
  } catch (const CLI::Success&) {
    return {.job = Job::print_text, .text = parser.help()};
  }
}

}  // namespace gateway
