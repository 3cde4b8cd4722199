#include "operator/console.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

#include "gateway/files/file_text.hpp"

namespace backend {

namespace {

using vx11::HttpAdmission;
using vx11::HttpRequest;
using vx11::HttpResponse;

constexpr std::string_view kRoot = "/operator/ui";
constexpr std::string_view kPage = "index.html";

/// Scripts, styles and connections of our own alone; nothing inline.
constexpr std::string_view kContentPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'";

struct Type {
  std::string_view ending;
  std::string_view name;
};
constexpr std::array<Type, 12> kTypes = {{{".html", "text/html; charset=utf-8"},
                                          {".js", "text/javascript; charset=utf-8"},
                                          {".css", "text/css; charset=utf-8"},
                                          {".svg", "image/svg+xml"},
                                          {".png", "image/png"},
                                          {".ico", "image/x-icon"},
                                          {".json", "application/json"},
                                          {".map", "application/json"},
                                          {".webmanifest", "application/manifest+json"},
                                          {".woff2", "font/woff2"},
                                          {".txt", "text/plain; charset=utf-8"},
                                          {".wasm", "application/wasm"}}};

std::string_view type_of(std::string_view path) noexcept {
  const auto found = std::find_if(kTypes.begin(), kTypes.end(),
                                  [=](const Type& type) { return path.ends_with(type.ending); });
  return found == kTypes.end() ? "application/octet-stream" : found->name;
}

std::string_view path_of(std::string_view target) noexcept {
  return target.substr(0, target.find('?'));
}

/// The elements of a list in a header, without the space around them.
std::vector<std::string_view> elements_of(std::string_view list) {
  std::vector<std::string_view> elements;
  while (!list.empty()) {
    std::string_view element = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), element.size() + 1));
    while (element.starts_with(' ')) element.remove_prefix(1);
    while (element.ends_with(' ')) element.remove_suffix(1);
    elements.push_back(element);
  }
  return elements;
}

/// `gzip` with a weight above zero.
bool accepts_gzip(const vx11::Headers& headers) {
  for (const std::string_view element : elements_of(headers.get("Accept-Encoding"))) {
    if (!element.starts_with("gzip")) continue;
    const std::size_t weight = element.find("q=");
    return weight == element.npos || element.find_first_of("123456789", weight + 2) != element.npos;
  }
  return false;
}

bool has_tag(const vx11::Headers& headers, std::string_view tag) {
  for (std::string_view element : elements_of(headers.get("If-None-Match"))) {
    if (element.starts_with("W/")) element.remove_prefix(2);
    if (element == tag || element == "*") return true;
  }
  return false;
}

void add_safety(HttpResponse& answer) {
  answer.headers.add("X-Content-Type-Options", "nosniff");
  answer.headers.add("X-Frame-Options", "DENY");
  answer.headers.add("Referrer-Policy", "no-referrer");
  answer.headers.add("Content-Security-Policy", kContentPolicy);
}

HttpResponse redirect() {
  HttpResponse answer(302);
  answer.headers.add("Location", "/operator/ui/");
  answer.headers.add("Cache-Control", "no-cache");
  add_safety(answer);
  return answer;
}

HttpResponse text_answer(int status, std::string text) {
  HttpResponse answer(status, "text/plain; charset=utf-8", std::move(text));
  answer.headers.add("Cache-Control", "no-store");
  add_safety(answer);
  return answer;
}

/// Where its files are, by their paths.
class Console final : public vx11::HttpHandler {
 public:
  explicit Console(std::span<const ConsoleFile> files, std::shared_ptr<const void> owner = {})
      : owner_(std::move(owner)) {
    for (const ConsoleFile& file : files) files_.emplace(file.path, file.file);
  }

  tl::expected<HttpAdmission, HttpResponse> admit(const HttpRequest& head) const override {
    const std::string_view path = path_of(head.target);
    if (path != "/" && path != "/operator" && !is_below(path)) {
      return tl::unexpected(
          HttpResponse(404, "application/json", R"({"error":"not_found","status_code":404})"));
    }
    if (head.method == "GET" || head.method == "HEAD") return HttpAdmission(*this, 0, {});
    HttpResponse refused =
        head.method == "OPTIONS"
            ? HttpResponse(204)
            : HttpResponse(405, "application/json",
                           R"({"error":"method_not_allowed","status_code":405})");
    refused.headers.add("Allow", "GET, HEAD, OPTIONS");
    return tl::unexpected(std::move(refused));
  }

  vx11::Task<vx11::StreamedResponse> open(const HttpRequest& request,
                                          const HttpAdmission& /*admission*/,
                                          vx11::Deadline /*deadline*/) const override {
    return vx11::Task<vx11::StreamedResponse>(vx11::StreamedResponse(answer(request), nullptr));
  }

  std::string_view route(std::string_view target) const noexcept override {
    const std::string_view path = path_of(target);
    if (path == "/") return "/";
    if (path == "/operator") return "/operator";
    return is_below(path) ? "/operator/ui/{file}" : std::string_view();
  }

 private:
  static bool is_below(std::string_view path) noexcept {
    return path == kRoot || path.starts_with("/operator/ui/");
  }

  HttpResponse answer(const HttpRequest& request) const {
    const std::string_view path = path_of(request.target);
    if (!is_below(path) || path == kRoot) return redirect();
    if (files_.empty()) {
      return text_answer(404,
                         "This vx11-operator was built without the console. Build it with\n"
                         "scripts/prepare, or by `npm ci && npm run build` in\n"
                         "examples/operator/console, and build the program again; or give\n"
                         "--console DIR.\n");
    }
    const std::string_view name = path.substr(kRoot.size() + 1);
    const bool is_view = name.substr(name.rfind('/') + 1).find('.') == name.npos;
    const auto found = files_.find(is_view ? kPage : name);
    if (found == files_.end()) return text_answer(404, "The console has no such file.\n");
    return file_answer(request, found->first, *found->second);
  }

  static HttpResponse file_answer(const HttpRequest& request, std::string_view name,
                                  const EmbeddedFile& file) {
    const bool is_lasting = name.starts_with("assets/");
    const bool is_small = !file.gzip.empty() && accepts_gzip(request.headers);
    const std::string tag =
        "\"" + std::string(file.digest.substr(0, 32)) + (is_small ? "-gzip\"" : "\"");
    const bool is_known = has_tag(request.headers, tag);
    HttpResponse answer =
        is_known ? HttpResponse(304)
                 : HttpResponse(200, type_of(name), std::string(is_small ? file.gzip : file.bytes));
    answer.headers.add("Cache-Control",
                       is_lasting ? "public, max-age=31536000, immutable" : "no-cache");
    answer.headers.add("ETag", tag);
    if (!file.gzip.empty()) answer.headers.add("Vary", "Accept-Encoding");
    if (is_small && !is_known) answer.headers.add("Content-Encoding", "gzip");
    add_safety(answer);
    return answer;
  }

  std::map<std::string_view, const EmbeddedFile*> files_ = {};
  std::shared_ptr<const void> owner_;
};

/// Files that were read, which do not move.
struct ReadFiles {
  struct One {
    std::string path = {};
    std::string text = {};
    std::string digest = {};
    EmbeddedFile file = {};
  };
  std::deque<One> all = {};
};

vx11::Result<void> read_into(ReadFiles& files, const std::filesystem::path& folder) {
  std::error_code error;
  const auto flags = std::filesystem::directory_options::none;
  for (auto at = std::filesystem::recursive_directory_iterator(folder, flags, error);
       !error && at != std::filesystem::recursive_directory_iterator(); at.increment(error)) {
    if (!at->is_regular_file(error)) continue;
    auto text = gateway::file_text(at->path().string());
    if (!text) {
      return vx11::fail(vx11::Errc::storage,
                        at->path().string() + " cannot be read: " + text.error().message());
    }
    ReadFiles::One& one = files.all.emplace_back();
    one.path = std::filesystem::relative(at->path(), folder, error).generic_string();
    one.text = *std::move(text);
    one.digest = std::to_string(std::hash<std::string>()(one.text));
    one.file = EmbeddedFile{one.text, {}, one.digest};
  }
  if (!error) return {};
  return vx11::fail(vx11::Errc::storage, folder.string() + " cannot be read: " + error.message());
}

}  // namespace

std::shared_ptr<vx11::HttpHandler> make_console(std::span<const ConsoleFile> files) {
  return std::make_shared<Console>(files);
}

vx11::Result<std::shared_ptr<vx11::HttpHandler>> make_console(const std::string& folder) {
  const auto files = std::make_shared<ReadFiles>();
  if (auto read = read_into(*files, folder); !read) return vx11::fail(std::move(read.error()));
  std::vector<ConsoleFile> listed;
  bool has_page = false;
  for (const ReadFiles::One& one : files->all) {
    listed.push_back({one.path, &one.file});
    has_page = has_page || one.path == kPage;
  }
  if (!has_page) return vx11::fail(vx11::Errc::storage, folder + " has no index.html");
  return std::make_shared<Console>(listed, files);
}

}  // namespace backend
