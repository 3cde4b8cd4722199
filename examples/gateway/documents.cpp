#include "gateway/documents.hpp"

#include <vx11/http_documents.hpp>

#include <string>
#include <utility>
#include <vector>

extern const EmbeddedFile gateway_description;
#ifdef VX11_GATEWAY_PAGE
extern const EmbeddedFile gateway_page;
extern const EmbeddedFile gateway_page_script;
extern const EmbeddedFile gateway_page_licenses;
#endif

namespace gateway {

namespace {

vx11::HttpDocument document(std::string path, std::string content_type, const EmbeddedFile& file) {
  return {.path = std::move(path),
          .content_type = std::move(content_type),
          .body = file.bytes,
          .gzip = file.gzip,
          .digest = file.digest};
}

#ifdef VX11_GATEWAY_PAGE
/// No script but ours. Redoc writes its styles into the page, and searches in a worker that it
/// makes itself.
constexpr const char* kPageRules =
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; worker-src blob:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

void add_page(std::vector<vx11::HttpDocument>& documents) {
  const std::string script = std::string(kPagePath) + "/redoc.js";
  vx11::HttpDocument page = document(kPagePath, "text/html; charset=utf-8", gateway_page);
  page.headers.add("Content-Security-Policy", kPageRules);
  documents.push_back(std::move(page));
  documents.push_back(document(script, "text/javascript; charset=utf-8", gateway_page_script));
  documents.push_back(document(std::string(kPagePath) + "/redoc.standalone.js.LICENSE.txt",
                               "text/plain; charset=utf-8", gateway_page_licenses));
}
#else
void add_page(std::vector<vx11::HttpDocument>& /*documents*/) {}
#endif

}  // namespace

vx11::Result<std::shared_ptr<vx11::HttpHandler>> make_api_documents(
    const EmbeddedFile& description, std::vector<std::string> cors_origins) {
  vx11::HttpDocumentsOptions options{.cors_origins = std::move(cors_origins)};
  options.documents.push_back(document(kDescriptionPath, "application/json", description));
  add_page(options.documents);
  return vx11::make_documents(std::move(options));
}

vx11::Result<std::shared_ptr<vx11::HttpHandler>> make_gateway_documents(
    const ServerConfig& server) {
  return make_api_documents(gateway_description, server.cors_origins);
}

}  // namespace gateway
