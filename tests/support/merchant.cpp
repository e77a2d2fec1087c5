#include "support/merchant.h"

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "batal/client.h"
#include "snap/document.h"
#include "snap/minify.h"
#include "support/wire.h"

namespace batal::testing {
namespace {

constexpr std::chrono::minutes kTokenRenewed{8};  // of the 15 that it lives
constexpr std::string_view kTokenPath = "/v1.0/access-token/b2b";
constexpr std::string_view kTokenBody = R"({"grantType":"client_credentials"})";

std::string made_partner(const ServerProcess& server, const std::string& client_id,
                         const std::string& service_id) {
  output_of({server.binary().string(), "partner", "new", "--folder",
             server.partners_folder().string(), "--client-id", client_id, "--merchant-id",
             fmt::format("M-{}-1", client_id), "--merchant-id", fmt::format("M-{}-2", client_id),
             "--va-partner-service-id", service_id});
  return client_id;
}

std::string first_line(std::string text) {
  text.resize(std::min(text.find('\n'), text.size()));
  return text;
}

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

Merchant::Merchant(const ServerProcess& server, std::string client_id, std::string_view service_id)
    : client_id_(made_partner(server, client_id, std::string(service_id))),
      service_id_(fmt::format("{:>8}", service_id)),
      key_(snap::RsaPrivateKey::from_pem(
               text_of(server.partners_folder() / (client_id_ + ".private.pem")))
               .value()),
      secret_(first_line(text_of(server.partners_folder() / (client_id_ + ".secret")))) {}

std::string Merchant::merchant(int number) const {
  return fmt::format("M-{}-{}", client_id_, number);
}

void Merchant::ensure_token(std::uint16_t port, snap::Time now) {
  if (now < token_until_) return;
  const std::string stamp = snap::timestamp(now);
  const std::string request = fmt::format(
      "POST {} HTTP/1.1\r\nHost: batal\r\nContent-Type: application/json\r\nX-TIMESTAMP: {}\r\n"
      "X-CLIENT-KEY: {}\r\nX-SIGNATURE: {}\r\nContent-Length: {}\r\n\r\n{}",
      kTokenPath, stamp, client_id_, key_.sign(client_id_ + "|" + stamp), kTokenBody.size(),
      kTokenBody);
  const http::Received answer = Wire(port).exchange(request);
  snap::Document document;
  document.parse(answer.body);
  const snap::JsonValue* token = document.find("accessToken");
  if (token == nullptr) throw std::runtime_error("no access token: " + answer.body);
  token_ = token->text;
  token_until_ = now + kTokenRenewed;
}

std::string Merchant::request(std::string_view service, std::string_view external_id,
                              std::string_view body, snap::Time now) {
  const std::string_view path = info(service_by_name(service).value()).path;
  const std::string stamp = snap::timestamp(now);
  std::string minified;
  snap::minify(body, minified);
  const std::string signed_text =
      snap::string_to_sign("POST", path, token_, snap::sha256(minified), stamp);
  return fmt::format(
      "POST {} HTTP/1.1\r\nHost: batal\r\nContent-Type: application/json\r\n"
      "Authorization: Bearer {}\r\nX-PARTNER-ID: {}\r\nX-EXTERNAL-ID: {}\r\nCHANNEL-ID: 95221\r\n"
      "X-TIMESTAMP: {}\r\nX-SIGNATURE: {}\r\nContent-Length: {}\r\n\r\n{}",
      path, token_, client_id_, external_id, stamp, secret_.sign(signed_text), body.size(), body);
}

}  // namespace batal::testing
