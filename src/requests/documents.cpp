#include <vx11/detail/mistakes.hpp>
#include <vx11/http_documents.hpp>
#include <vx11/token_file.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include "front/cors.hpp"
#include "http/error_answer.hpp"
#include "http/media_type.hpp"
#include "http/request_id.hpp"
#include "http/resource.hpp"
#include "http/safety_fields.hpp"
#include "text/hex.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

/// A document with the validators of its two forms, in quotes.
struct Published {
  HttpDocument document;
  std::string tag = {};
  std::string gzip_tag = {};
};

/// Whether a list of `If-None-Match` has the tag, by the weak comparison (RFC 9110 §13.1.2).
bool has_tag(const Headers& headers, std::string_view tag) noexcept {
  return std::any_of(headers.begin(), headers.end(), [tag](const Header& field) {
    const bool is_it = equals_ignoring_case(field.name, "If-None-Match");
    return is_it && (field.value == "*" || field.value.find(tag) != std::string_view::npos);
  });
}

class Documents final : public HttpHandler {
 public:
  Documents(std::vector<Published> documents, std::vector<std::string> cors_origins)
      : documents_(std::move(documents)), cors_origins_(std::move(cors_origins)) {}

  tl::expected<HttpAdmission, HttpResponse> admit(const HttpRequest& head) const override {
    const Published* const found = find(head.target);
    if (auto refused = refuse(found, head)) {
      complete(*refused, head);
      return tl::unexpected(*std::move(refused));
    }
    return HttpAdmission(*this, kMostBody, {.route = found});
  }

  Task<StreamedResponse> open(const HttpRequest& request, const HttpAdmission& admission,
                              Deadline /*deadline*/) const override {
    HttpResponse answer =
        answer_of(*static_cast<const Published*>(admission.match().route), request.headers);
    complete(answer, request);
    return Task<StreamedResponse>(StreamedResponse(std::move(answer), nullptr));
  }

  std::string_view route(std::string_view target) const noexcept override {
    const Published* const found = find(target);
    return found != nullptr ? std::string_view(found->document.path) : std::string_view();
  }

 private:
  /// A GET with a body is unusual; what is sent is not read.
  static constexpr std::size_t kMostBody = 1024;

  const Published* find(std::string_view target) const noexcept {
    const std::string_view path = http_detail::resource_of(target);
    const auto found = std::find_if(documents_.begin(), documents_.end(),
                                    [=](const auto& each) { return each.document.path == path; });
    return found == documents_.end() ? nullptr : &*found;
  }

  std::optional<HttpResponse> refuse(const Published* found, const HttpRequest& head) const {
    if (found == nullptr) return http_detail::error_answer(404, "not_found");
    if (auto answer = endpoints::answer_preflight(cors_origins_, head)) return answer;
    if (head.method == "GET" || head.method == "HEAD") return std::nullopt;
    return http_detail::method_answer(head.method, "GET, HEAD, OPTIONS");
  }

  static HttpResponse answer_of(const Published& published, const Headers& asked) {
    const HttpDocument& document = published.document;
    const bool has_gzip = !document.gzip.empty();
    const bool compressed = has_gzip && endpoints::accepts_gzip(asked);
    const std::string& tag = compressed ? published.gzip_tag : published.tag;
    HttpResponse answer(304);
    if (!has_tag(asked, tag)) {
      const std::string_view body = compressed ? document.gzip : document.body;
      answer = HttpResponse(200, document.content_type, std::string(body));
      if (compressed) answer.headers.add("Content-Encoding", "gzip");
    }
    answer.headers.add("ETag", tag);
    answer.headers.add("Cache-Control", "no-cache");
    if (has_gzip) answer.headers.add("Vary", "Accept-Encoding");
    for (const Header field : document.headers) answer.headers.add(field.name, field.value);
    return answer;
  }

  void complete(HttpResponse& answer, const HttpRequest& request) const {
    endpoints::add_cors_fields(cors_origins_, request, answer);
    http_detail::add_safety_fields(answer);
    http_detail::add_request_id(answer, http_detail::request_id_of(request.headers));
  }

  const std::vector<Published> documents_;
  const std::vector<std::string> cors_origins_;
};

bool is_digest(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_';
  });
}

Result<void> check(const std::vector<HttpDocument>& documents) {
  detail::Mistakes mistakes;
  mistakes.add_if(documents.empty(), "there is no document");
  for (auto each = documents.begin(); each != documents.end(); ++each) {
    const auto is_same = [&](const HttpDocument& other) { return other.path == each->path; };
    const bool is_path = each->path.starts_with('/') && each->path.size() > 1;
    mistakes.about("document", each->path);
    mistakes.add_if(!is_path, "the path must begin with '/' and name something");
    mistakes.add_if(is_path && each->path.ends_with('/'), "the path must not end with '/'");
    mistakes.add_if(each->content_type.empty(), "it has no content type");
    mistakes.add_if(!is_digest(each->digest), "the digest has other characters than a word");
    mistakes.add_if(std::any_of(documents.begin(), each, is_same), "another has the same path");
  }
  return std::move(mistakes).result();
}

/// Of our own digest 64 bits: only versions of one document have to differ. Another one is used
/// whole, as it may begin with what all versions share, such as a date.
Result<std::string> tag_of(const HttpDocument& document) {
  constexpr std::size_t kBytes = 8;
  if (!document.digest.empty()) return std::string(document.digest);
  const auto digest = digest_of(document.body);
  if (!digest) return fail(digest.error());
  return hex_of(*digest, kBytes);
}

Result<Published> published(HttpDocument document) {
  const auto tag = tag_of(document);
  if (!tag) return fail(tag.error());
  return Published{std::move(document), "\"" + *tag + "\"", "\"" + *tag + "-gzip\""};
}

}  // namespace

Result<std::shared_ptr<HttpHandler>> make_documents(HttpDocumentsOptions options) {
  if (auto checked = check(options.documents); !checked) return fail(std::move(checked.error()));
  std::vector<Published> documents;
  for (HttpDocument& document : options.documents) {
    auto made = published(std::move(document));
    if (!made) return fail(std::move(made.error()));
    documents.push_back(*std::move(made));
  }
  return std::make_shared<Documents>(std::move(documents), std::move(options.cors_origins));
}

}  // namespace v0
}  // namespace vx11
