#include "documents.hpp"

#include <vx11/http_documents.hpp>

#include <string>
#include <utility>

#include "embedded_file.hpp"

extern const EmbeddedFile gateway_description;

namespace gateway {

vx11::Result<std::shared_ptr<vx11::HttpHandler>> make_gateway_documents(
    const ServerConfig& server) {
  vx11::HttpDocumentsOptions options{.cors_origins = server.cors_origins};
  options.documents.push_back({.path = kDescriptionPath,
                               .content_type = "application/json",
                               .body = std::string(gateway_description.bytes),
                               .gzip = std::string(gateway_description.gzip)});
  return vx11::make_documents(std::move(options));
}

}  // namespace gateway
