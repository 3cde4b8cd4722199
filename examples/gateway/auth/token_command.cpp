#include "gateway/auth/token_command.hpp"

#include <vx11/token_file.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include "gateway/auth/token_edit.hpp"
#include "gateway/values/spelling.hpp"
#include "gateway/values/values.hpp"

namespace gateway {

namespace {

using vx11::Errc;
using vx11::Result;
using vx11::TokenEntry;

constexpr int kUsage = 2;
constexpr auto kLongest = std::chrono::hours(24 * 36'500);

/// The arguments, as they were given.
struct Arguments {
  std::string file = {};
  std::string name = {};
  std::string scopes = {};
  std::string validity = {};
  std::string rate = {};
  std::uint32_t concurrent = 0;
};

int report(const vx11::Error& error) {
  fmt::print(stderr, "vx11-gateway token: {}\n", error.detail);
  return error.code == Errc::invalid_argument ? kUsage : EXIT_FAILURE;
}

auto find_entry(std::vector<TokenEntry>& entries, const std::string& name) {
  return std::find_if(entries.begin(), entries.end(),
                      [&](const TokenEntry& entry) { return entry.name == name; });
}

Result<std::optional<vx11::WallTime>> expiry_of(const Arguments& arguments) {
  if (arguments.validity.empty()) return std::nullopt;
  const auto validity = parse_validity(arguments.validity);
  if (!validity) return vx11::fail(validity.error());
  return std::chrono::ceil<std::chrono::seconds>(vx11::WallClock().now() + *validity);
}

Result<vx11::TokenLimits> limits_of(const Arguments& arguments) {
  vx11::TokenLimits limits{.concurrent = arguments.concurrent};
  if (arguments.rate.empty()) return limits;
  const auto rate = vx11::parse_request_rate(arguments.rate);
  if (!rate) {
    return vx11::fail(Errc::invalid_argument,
                      fmt::format("--rate {}: {}", in_quotes(arguments.rate), rate.error().detail));
  }
  limits.rate = *rate;
  return limits;
}

Result<TokenEntry> entry_of(const Arguments& arguments) {
  if (!vx11::is_token_name(arguments.name)) {
    return vx11::fail(Errc::invalid_argument,
                      fmt::format("{} is no name; take 1 to 64 letters, digits, dots, dashes and "
                                  "underscores, the first a letter or digit",
                                  in_quotes(arguments.name)));
  }
  const auto scopes = vx11::parse_scopes(arguments.scopes);
  if (!scopes) return vx11::fail(scopes.error());
  const auto expires = expiry_of(arguments);
  if (!expires) return vx11::fail(expires.error());
  const auto limits = limits_of(arguments);
  if (!limits) return vx11::fail(limits.error());
  return TokenEntry{
      .name = arguments.name, .scopes = *scopes, .expires = *expires, .limits = *limits};
}

Result<void> add(std::vector<TokenEntry>& entries, const TokenEntry& entry,
                 const Arguments& arguments) {
  if (find_entry(entries, entry.name) != entries.end()) {
    return vx11::fail(
        Errc::invalid_argument,
        fmt::format("the name \"{0}\" is taken; take another, or revoke that token first: "
                    "vx11-gateway token revoke {0} --file {1}",
                    entry.name, arguments.file));
  }
  entries.push_back(entry);
  return {};
}

/// The token alone on standard output, so that a script can take it.
int show(const std::string& token, const Arguments& arguments) {
  fmt::print(stderr, "The token \"{}\". It is shown this once, the file has its digest only:\n",
             arguments.name);
  fmt::print("{}\n", token);
  if (std::fflush(stdout) == 0) return EXIT_SUCCESS;
  return report(
      vx11::Error(Errc::storage, fmt::format("the token was stored, but could not be printed; "
                                             "revoke \"{}\" and make another",
                                             arguments.name)));
}

int make_new(const Arguments& arguments) {
  auto entry = entry_of(arguments);
  if (!entry) return report(entry.error());
  const auto token = vx11::make_token();
  if (!token) return report(token.error());
  const auto digest = vx11::digest_of(*token);
  if (!digest) return report(digest.error());
  entry->digest = *digest;
  const auto edited = edit_token_file(
      arguments.file, MissingFile::created,
      [&](std::vector<TokenEntry>& entries) { return add(entries, *entry, arguments); });
  return edited ? show(*token, arguments) : report(edited.error());
}

Result<void> remove(std::vector<TokenEntry>& entries, const std::string& name) {
  const auto found = find_entry(entries, name);
  if (found != entries.end()) {
    entries.erase(found);
    return {};
  }
  std::vector<std::string_view> names;
  for (const TokenEntry& entry : entries) names.push_back(entry.name);
  const std::string near = did_you_mean(name, names);
  return vx11::fail(Errc::invalid_argument,
                    fmt::format("there is no token {}{}", in_quotes(name),
                                near.empty() ? "; vx11-gateway token list shows all" : near));
}

int revoke(const Arguments& arguments) {
  const auto edited = edit_token_file(
      arguments.file, MissingFile::refused,
      [&](std::vector<TokenEntry>& entries) { return remove(entries, arguments.name); });
  if (!edited) return report(edited.error());
  fmt::print(stderr, "\"{}\" is revoked; a running gateway refuses it within two seconds\n",
             arguments.name);
  return EXIT_SUCCESS;
}

std::string validity_of(const TokenEntry& entry) {
  if (!entry.expires) return "never";
  const auto seconds = std::chrono::floor<std::chrono::seconds>(*entry.expires);
  const auto time = static_cast<std::time_t>(seconds.time_since_epoch().count());
  const bool is_over = vx11::WallClock().now() >= *entry.expires;
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}{}", fmt::gmtime(time), is_over ? ", expired" : "");
}

int list(const Arguments& arguments) {
  const auto entries = vx11::read_token_file(arguments.file);
  if (!entries) return report(entries.error());
  std::size_t widest = 4;
  for (const TokenEntry& entry : *entries) widest = std::max(widest, entry.name.size());
  fmt::print("{:<{}}  {:<29}  {}\n", "NAME", widest, "EXPIRES", "SCOPES");
  for (const TokenEntry& entry : *entries) {
    const std::string limits = to_string(entry.limits);
    fmt::print("{:<{}}  {:<29}  {}{}{}\n", entry.name, widest, validity_of(entry),
               to_string(entry.scopes), limits.empty() ? "" : "  ", limits);
  }
  return EXIT_SUCCESS;
}

/// A CLI11 application with the three commands.
class Parser {
 public:
  Parser() {
    app_.require_subcommand(1);
    CLI::App* const made =
        command("new", "Make a token, store its digest and print it once", make_new);
    made->add_option("NAME", arguments_.name, "What the log calls it")->required();
    made->add_option("--scopes", arguments_.scopes,
                     "What it may use, with commas between: chat, status, power:read, "
                     "power:write, sessions:read, metrics, admin")
        ->required();
    made->add_option("--expires", arguments_.validity,
                     "How long it is valid, such as 90d or 12h; without: for ever");
    made->add_option("--rate", arguments_.rate,
                     "How many requests it may send, such as 60/m; without: limits.per_token");
    made->add_option("--concurrent", arguments_.concurrent,
                     "How many chats it may have in progress; without: limits.concurrent_per_token")
        ->check(CLI::Range(1U, 1'000'000U));
    command("list", "Show names, expiry and scopes", list);
    command("revoke", "Remove a token", revoke)
        ->add_option("NAME", arguments_.name, "Its name")
        ->required();
  }

  /// \param argv without the name of the program: CLI11 takes `token` for it
  int run(int argc, const char* const* argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::Success& asked) {
      return app_.exit(asked);
    } catch (const CLI::ParseError& error) {
      const auto text = fmt::format("{}; see vx11-gateway token --help", error.what());
      return report(vx11::Error(Errc::invalid_argument, text));
    }
    return chosen_(arguments_);
  }

 private:
  using Command = int (*)(const Arguments&);

  CLI::App* command(const char* name, const char* doc, Command run) {
    CLI::App* const added = app_.add_subcommand(name, doc);
    added->add_option("--file", arguments_.file, "The token file")
        ->envname("VX11_AUTH_TOKENS")
        ->type_name("FILE")
        ->required();
    added->callback([this, run] { chosen_ = run; });
    return added;
  }

  Arguments arguments_ = {};
  Command chosen_ = nullptr;
  CLI::App app_{"Named tokens in a file, for --tokens or auth.tokens.", "vx11-gateway token"};
};

}  // namespace

bool is_token_command(int argc, const char* const* argv) {
  return argc > 1 && std::string_view(argv[1]) == "token";
}

int run_token_command(int argc, const char* const* argv) {
  return Parser().run(argc - 1, argv + 1);
}

Result<vx11::Duration> parse_validity(std::string_view text) {
  vx11::Duration validity = {};
  if (text.ends_with('d')) {
    const auto days = read_number(text.substr(0, text.size() - 1));
    if (days) validity = std::chrono::hours(24) * std::min<std::uint64_t>(*days, 100'000);
  } else {
    (void)read(text, validity);  // stays zero, which is refused
  }
  if (validity >= std::chrono::seconds(1) && validity <= kLongest) return validity;
  return vx11::fail(Errc::invalid_argument,
                    fmt::format("--expires {}: write how long the token is valid, a whole number "
                                "with its unit, 1s to 36500d, such as 90d or 12h",
                                in_quotes(text)));
}

}  // namespace gateway
