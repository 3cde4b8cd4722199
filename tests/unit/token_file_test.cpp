// Token files: tokens and their digests, the text, the file, expiry and reloading;
// ephemeral tokens.
#include <vx11/ephemeral_tokens.hpp>
#include <vx11/testing/manual_clock.hpp>
#include <vx11/token_file.hpp>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "ephemeral_tokens_suite.hpp"
#include "scratch_folder.hpp"

using namespace std::chrono_literals;
using vx11::Access;
using vx11::AccessCheck;
using vx11::Errc;
using vx11::Headers;
using vx11::parse_token_file;
using vx11::Scope;
using vx11::Scopes;
using vx11::TokenEntry;
using vx11::TokenFile;
using vx11::TokenFileChange;

namespace {

namespace fs = std::filesystem;

const std::string kDigest = "sha256:" + std::string(64, 'a');

std::string file_of(const std::string& lines) {
  return "vx11-tokens 1\n" + lines + "end\n";
}

std::string mistake_in(const std::string& text) {
  const auto parsed = parse_token_file(text);
  REQUIRE_FALSE(parsed.has_value());
  CHECK(parsed.error().code == Errc::invalid_argument);
  return parsed.error().detail;
}

Headers with(const std::string& token) {
  Headers headers;
  headers.add("x-vx11-token", token);
  return headers;
}

struct Made {
  std::string token;
  TokenEntry entry;
};

Made make(const std::string& name, Scopes scopes) {
  Made made{.token = vx11::make_token().value(), .entry = {.name = name, .scopes = scopes}};
  made.entry.digest = vx11::digest_of(made.token).value();
  return made;
}

/// A file with two tokens, opened.
struct Opened {
  Opened() { write({chat.entry, other.entry}); }

  void write(const std::vector<TokenEntry>& entries) const {
    write_text(vx11::print_token_file(entries));
  }
  /// As editors do that write in place.
  void write_text(const std::string& text) const {
    folder.write("tokens", text);
    fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  }
  TokenFile& file() {
    if (!file_)
      file_ = TokenFile::open({.path = path, .token = static_token, .clock = clock}).value();
    return *file_;
  }
  AccessCheck explain(const std::string& token) { return file().explain(with(token)); }

  ScratchFolder folder;
  std::string path = folder / "tokens";
  vx11::testing::ManualClock clock;
  std::string static_token = "";
  Made chat = make("ci", {Scope::chat, Scope::power_read});
  Made other = make("other", {Scope::metrics});

 private:
  std::shared_ptr<TokenFile> file_;
};

}  // namespace

TEST_CASE("a token has prefix, 43 random digits and a checksum, and is another each time") {
  std::set<std::string> tokens;
  for (int i = 0; i < 100; ++i) {
    const std::string token = vx11::make_token().value();
    CHECK(token.size() == 54);
    CHECK(token.starts_with("vx11_"));
    CHECK(vx11::is_token(token));
    tokens.insert(token);
  }
  CHECK(tokens.size() == 100);
}

TEST_CASE("the checksum is the CRC-32 of the random digits, in base62") {
  // zlib.crc32(b"0" * 43) is 0x7849568F; its digits were computed by another program.
  CHECK(vx11::is_token("vx11_" + std::string(43, '0') + "2CZclj"));
}

TEST_CASE("a token with one wrong, missing or swapped character is none") {
  const std::string token = vx11::make_token().value();
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string mistyped = token;
    mistyped[i] = mistyped[i] == 'x' ? 'y' : 'x';
    CHECK_FALSE(vx11::is_token(mistyped));
    CHECK_FALSE(vx11::is_token(token.substr(0, i)));
  }
  CHECK_FALSE(vx11::is_token(token + "0"));
  CHECK_FALSE(vx11::is_token("vx11_" + std::string(49, '\xFF')));
}

TEST_CASE("the digest is SHA-256") {
  const auto digest = vx11::digest_of("abc").value();  // FIPS 180-2, appendix B.1
  const vx11::TokenDigest expected = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea,
                                      0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
                                      0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c,
                                      0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
  CHECK(digest == expected);
}

TEST_CASE("scopes have names, and only admin includes others") {
  for (std::size_t i = 0; i < vx11::kScopes; ++i) {
    const auto scope = static_cast<Scope>(i);
    CHECK(vx11::parse_scope(to_string(scope)) == scope);
    CHECK(Scopes::all().allow(scope));
    CHECK(Scopes{scope}.allow(scope));
  }
  CHECK_FALSE(Scopes{Scope::power_write}.allow(Scope::power_read));
  CHECK_FALSE(Scopes().allow(Scope::chat));
  CHECK(to_string(Scopes{Scope::metrics, Scope::chat}) == "chat,metrics");
  CHECK(vx11::parse_scopes("metrics,chat").value() == Scopes{Scope::chat, Scope::metrics});
  for (const char* wrong : {"", "chat,", ",chat", "chat, status", "Chat", "power"}) {
    CAPTURE(wrong);
    CHECK(vx11::parse_scopes(wrong).error().detail.find("power:read, power:write") !=
          std::string::npos);
  }
}

TEST_CASE("what is printed is parsed again") {
  Made first = make("a", Scopes::all());
  first.entry.expires = vx11::WallTime(1'798'761'599s);
  const Made second = make("b.c_d-e", {Scope::chat, Scope::sessions_read});
  const std::string text = vx11::print_token_file(std::vector{first.entry, second.entry});
  CHECK(text.find("a admin 2026-12-31T23:59:59Z sha256:") != std::string::npos);
  CHECK(text.find("b.c_d-e chat,sessions:read - sha256:") != std::string::npos);
  CHECK(text.find(first.token) == std::string::npos);
  const auto parsed = parse_token_file(text).value();
  REQUIRE(parsed.size() == 2);
  CHECK(parsed[0].name == "a");
  CHECK(parsed[0].expires == first.entry.expires);
  CHECK(parsed[0].digest == first.entry.digest);
  CHECK(parsed[1].scopes == second.entry.scopes);
  CHECK_FALSE(parsed[1].expires.has_value());
  CHECK(parse_token_file(file_of("")).value().empty());
}

TEST_CASE("a file that was cut off anywhere is refused") {
  const std::string text = vx11::print_token_file(
      std::vector{make("a", Scopes::all()).entry, make("b", {Scope::chat}).entry});
  for (std::size_t size = 0; size + 1 < text.size(); ++size) {
    CHECK_FALSE(parse_token_file(text.substr(0, size)).has_value());
  }
  CHECK(parse_token_file(text.substr(0, text.size() - 1)).has_value());  // its last line break
}

TEST_CASE("mistakes in a file are named with their line, and nothing is quoted") {
  const std::string good = "a chat - " + kDigest + "\n";
  CHECK(mistake_in("") == "line 1: the first line is not \"vx11-tokens 1\"");
  CHECK(mistake_in("vx11-tokens 2\nend\n") == "line 1: the first line is not \"vx11-tokens 1\"");
  CHECK(mistake_in("vx11-tokens 1\n" + good) ==
        "line 2: the last line is not \"end\": the file was cut off");
  CHECK(mistake_in(file_of("") + good) == "line 2: there is text after \"end\"");
  CHECK(mistake_in(file_of(good + good)) == "line 3: the name is used twice");
  CHECK(mistake_in(file_of(good + "b chat - " + kDigest + "\n")) ==
        "line 3: the digest is used twice");
  for (const std::string& line :
       {std::string("\n"), "-a chat - " + kDigest + "\n", "a  chat - " + kDigest + "\n",
        "a secret - " + kDigest + "\n", "a chat 2026-02-30T00:00:00Z " + kDigest + "\n",
        "a chat 2026-12-31 " + kDigest + "\n", "a chat - sha256:" + std::string(63, 'a') + "\n",
        "a chat - sha256:" + std::string(64, 'A') + "\n", "a chat - " + kDigest + "\r\n",
        "a chat - " + kDigest + " x\n", "a chat - " + kDigest + " \n",
        "a chat - " + kDigest + " rate=60/60s\n", "a chat - " + kDigest + " rate=60/m \n",
        "a chat - " + kDigest + " rate=60/m rate=60/m\n",
        "a chat - " + kDigest + " concurrent=04\n", "a chat - " + kDigest + " concurrent=0\n",
        "a chat - " + kDigest + " concurrent=4 rate=60/m\n"}) {
    CAPTURE(line);
    const std::string mistake = mistake_in(file_of(line));
    CHECK(mistake.starts_with("line 2: "));
    CHECK(mistake.find("secret") == std::string::npos);
  }
}

TEST_CASE("limits of a token follow its digest") {
  const std::string text = file_of("a chat - " + kDigest + " rate=60/m concurrent=4\n" +
                                   "b chat - sha256:" + std::string(64, 'b') + " concurrent=1\n");
  const auto entries = parse_token_file(text);
  REQUIRE(entries.has_value());
  CHECK(entries->at(0).limits.rate == vx11::RequestRate(60, 60s));
  CHECK(entries->at(0).limits.concurrent == 4);
  CHECK(entries->at(1).limits == vx11::TokenLimits{.concurrent = 1});
  CHECK(print_token_file(*entries) == text);
}

TEST_CASE_FIXTURE(Opened, "the limits of a token are found by its name") {
  chat.entry.limits.rate = vx11::RequestRate(60, 60s);
  write({chat.entry, other.entry});
  CHECK(file().limits_of("ci") == vx11::TokenLimits{.rate = vx11::RequestRate(60, 60s)});
  CHECK(file().limits_of("other").empty());
  CHECK(file().limits_of("").empty());
}

TEST_CASE_FIXTURE(Opened, "a token of the file is granted with its name and scopes") {
  const AccessCheck checked = explain(chat.token);
  CHECK(checked.access == Access::granted);
  CHECK(checked.scopes == chat.entry.scopes);
  REQUIRE(checked.principal != nullptr);
  CHECK(*checked.principal == "ci");
  Headers bearer;
  bearer.add("Authorization", "Bearer " + other.token);
  CHECK(*file().explain(bearer).principal == "other");
  CHECK(file().check(Headers()) == Access::auth_required);
  CHECK(file().size() == 2);
}

TEST_CASE_FIXTURE(Opened, "every other token is forbidden, and only the log learns why") {
  CHECK(explain("guess").reason == "another token");
  CHECK(explain(vx11::make_token().value()).reason == "an unknown or revoked token");
  std::string mistyped = chat.token;
  mistyped.back() = mistyped.back() == 'x' ? 'y' : 'x';
  CHECK(explain(mistyped).reason == "a mistyped token: its checksum is wrong");
  CHECK(explain(mistyped).access == Access::forbidden);
  CHECK(explain(mistyped).principal == nullptr);
}

TEST_CASE_FIXTURE(Opened, "an expired token is forbidden like an unknown one") {
  clock.set_wall(std::chrono::floor<std::chrono::seconds>(clock.wall_now()));
  chat.entry.expires = clock.wall_now() + 90s;
  write({chat.entry});
  CHECK(explain(chat.token).access == Access::granted);
  clock.advance(89'999ms);
  CHECK(explain(chat.token).access == Access::granted);
  clock.advance(1ms);
  CHECK(explain(chat.token).access == Access::forbidden);
  CHECK(explain(chat.token).reason == "an expired token");
  CHECK(*explain(chat.token).principal == "ci");
  clock.set_wall(clock.wall_now() - 1h);  // a clock that was set back
  CHECK(explain(chat.token).access == Access::granted);
}

TEST_CASE_FIXTURE(Opened, "a static token stands beside the file, with every scope") {
  static_token = "a-token-of-the-environment";
  CHECK(explain(static_token).access == Access::granted);
  CHECK(explain(static_token).scopes == Scopes::all());
  CHECK(explain(static_token).principal == nullptr);
  CHECK(explain(chat.token).scopes == chat.entry.scopes);
  CHECK(TokenFile::open({.path = path, .token = " x"}).error().code == Errc::invalid_argument);
}

TEST_CASE_FIXTURE(Opened, "a changed file is read once, an unchanged one not at all") {
  CHECK(file().refresh().value() == TokenFileChange::none);
  write({other.entry});
  CHECK(explain(chat.token).access == Access::granted);
  CHECK(file().refresh().value() == TokenFileChange::replaced);
  CHECK(explain(chat.token).access == Access::forbidden);
  CHECK(explain(other.token).access == Access::granted);
  CHECK(file().refresh().value() == TokenFileChange::none);
  CHECK(file().reload().has_value());
}

TEST_CASE_FIXTURE(Opened, "a file that cannot be used changes nothing and is reported once") {
  REQUIRE(file().is_current());
  const auto is_refused = [&](Errc code) {
    CHECK(file().refresh().error().code == code);
    CHECK(file().refresh().value() == TokenFileChange::none);
    CHECK_FALSE(file().is_current());
    CHECK(explain(chat.token).access == Access::granted);
    CHECK(file().size() == 2);
  };
  SUBCASE("cut off") {
    write_text(vx11::print_token_file(std::vector{other.entry}).substr(0, 50));
    is_refused(Errc::invalid_argument);
  }
  SUBCASE("empty") {
    write_text("");
    is_refused(Errc::invalid_argument);
  }
  SUBCASE("gone") {
    fs::remove(path);
    is_refused(Errc::storage);
  }
  SUBCASE("a folder") {
    fs::remove(path);
    fs::create_directory(path);
    is_refused(Errc::invalid_argument);
  }
  SUBCASE("writable by others") {
    fs::permissions(path, fs::perms::others_write, fs::perm_options::add);
    is_refused(Errc::invalid_argument);
    CHECK(file().reload().error().detail.find("chmod go-w") != std::string::npos);
  }
  fs::remove_all(path);
  write({other.entry});
  CHECK(file().refresh().value() == TokenFileChange::replaced);
  CHECK(file().is_current());
  CHECK(explain(chat.token).access == Access::forbidden);
}

TEST_CASE_FIXTURE(Opened, "others than the owner may read the file") {
  fs::permissions(path, fs::perms::others_read | fs::perms::group_read, fs::perm_options::add);
  CHECK(explain(chat.token).access == Access::granted);
}

TEST_CASE("a file that is missing or no token file cannot be opened") {
  const ScratchFolder folder;
  CHECK(TokenFile::open({.path = folder / "none"}).error().code == Errc::storage);
  CHECK(TokenFile::open({.path = folder / ""}).error().code == Errc::invalid_argument);
  const std::string path = folder.write("other", "x");
  fs::permissions(path, fs::perms::owner_read);
  CHECK(TokenFile::open({.path = path}).error().detail ==
        "\"" + path + "\" line 1: the first line is not \"vx11-tokens 1\"");
}

TEST_CASE_FIXTURE(Opened, "the right one of ten thousand tokens is found") {
  std::vector<TokenEntry> entries;
  std::vector<std::string> tokens;
  for (int i = 0; i < 10'000; ++i) {
    Made made = make("t" + std::to_string(i), {Scope::chat});
    entries.push_back(made.entry);
    tokens.push_back(made.token);
  }
  write(entries);
  for (int i = 0; i < 10'000; i += 97) {
    CHECK(*explain(tokens[static_cast<std::size_t>(i)]).principal == "t" + std::to_string(i));
  }
}

TEST_CASE_FIXTURE(Opened, "requests are granted while the file is read again and again") {
  TokenFile& tokens = file();
  std::atomic<bool> stop{false};
  std::atomic<int> refused{0};
  const auto ask = [&] {
    while (!stop.load()) {
      if (tokens.check(with(chat.token)) != Access::granted) ++refused;
    }
  };
  std::vector<std::thread> clients;
  for (int i = 0; i < 3; ++i) clients.emplace_back(ask);
  for (int i = 0; i < 100; ++i) {
    if (i % 2 == 0) write({chat.entry});
    if (i % 2 == 1) write_text("vx11-tokens 1\n");
    (void)tokens.reload();
    (void)tokens.refresh();
  }
  stop.store(true);
  for (std::thread& client : clients) client.join();
  CHECK(refused.load() == 0);
}

TEST_CASE("an ephemeral token is accepted once") {
  const auto tokens = vx11::make_memory_ephemeral_tokens().value();
  ephemeral_tokens_suite::run(tokens, tokens);
  ephemeral_tokens_suite::race(tokens, tokens);
}

TEST_CASE("ephemeral tokens expire, and are bounded for all and for each principal") {
  using ephemeral_tokens_suite::issue;
  using ephemeral_tokens_suite::redeem;
  vx11::testing::ManualClock clock;
  vx11::MemoryEphemeralTokensOptions options;
  options.tokens = 3;
  options.per_principal = 2;
  options.clock = clock;
  const auto tokens = vx11::make_memory_ephemeral_tokens(options).value();
  const std::string first = issue(tokens, "alice", "events", 10s).value();
  const std::string second = issue(tokens, "alice", "events", 20s).value();
  CHECK(issue(tokens, "alice").error().code == vx11::Errc::rejected);
  CHECK(issue(tokens, "bob"));
  CHECK(issue(tokens, "carol").error().code == vx11::Errc::rejected);
  clock.advance(10s);
  CHECK(redeem(tokens, first) == "-");
  CHECK(issue(tokens, "carol"));
  clock.advance(10s - 1ns);
  CHECK(redeem(tokens, second) == "alice");
  CHECK(issue(tokens, "alice"));
  options.per_principal = 0;
  CHECK_FALSE(vx11::make_memory_ephemeral_tokens(options));
}
