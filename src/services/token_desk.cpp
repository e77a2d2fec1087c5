#include "services/token_desk.h"

#include <utility>

#include "services/declarations.h"

namespace batal::services {
namespace {

using snap::Case;
using snap::Problem;

// Checked for clients that do not exist, so that they take as long as those that do. Its private
// key was thrown away when it was made.
constexpr std::string_view kNobodysKey = R"(-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqQt/aVGjSXb/WQJu7HWl
8hqeVu1FtuphlqcARM/Im8+YZSES7gUXo4yhUj5+6t3KjjURKWzLgDv3n6Kfy/Dj
ozPplIxyuwVTO37IXbWaMazm2T5Anscy6wzPtzH/ikWBoKctxYmQzd+1VngdgFv5
1eorGPDqHB/ac+9Km/ySl+y2u9fzxz0lmhylrZThUDDj5FVu0tSXhI6B5XQeGWGp
dSoAw0muMzCKSNnmc8dEnyF+aCKAJhVZx/5Txbk5/GK8vb1xFr+nKZn0SmAt/rcM
VRsBcgmOyMu2NbFdcB6cOBr+vPB1heFkNruffYEDuLuTN6iXrNK+nFbYhSUlPUV+
mwIDAQAB
-----END PUBLIC KEY-----
)";

snap::RsaPublicKey nobodys_key() {
  return snap::RsaPublicKey::from_pem(kNobodysKey).value();
}

}  // namespace

TokenDesk::TokenDesk(const Settings& settings, const partners::Tokens& tokens, snap::Clock clock,
                     std::shared_ptr<const partners::Directory> directory)
    : settings_(settings),
      tokens_(tokens),
      clock_(std::move(clock)),
      directory_(std::move(directory)),
      nobodys_key_(nobodys_key()) {}

void TokenDesk::use(std::shared_ptr<const partners::Directory> directory) {
  directory_ = std::move(directory);
}

std::expected<std::string, Denied> TokenDesk::issue(const http::Request& request) {
  const ListedHeaders headers(request);
  const snap::Time now = clock_();
  if (auto problem = check_headers(headers, now)) {
    return std::unexpected(Denied{*std::move(problem)});
  }
  if (auto denied = check_signature(headers)) return std::unexpected(*std::move(denied));
  if (auto problem = check_body(request)) return std::unexpected(Denied{*std::move(problem)});
  return tokens_.issue(headers[Listed::ClientKey], now);
}

std::optional<Problem> TokenDesk::check_headers(const ListedHeaders& headers,
                                                snap::Time now) const {
  if (auto problem = headers.problem()) return problem;
  for (const Listed header : {Listed::ClientKey, Listed::Timestamp, Listed::Signature}) {
    if (headers[header].empty()) return missing(header);
  }
  return check_timestamp(headers[Listed::Timestamp], now, settings_.timestamp_window);
}

std::optional<Denied> TokenDesk::check_signature(const ListedHeaders& headers) const {
  std::string string_to_sign(headers[Listed::ClientKey]);
  string_to_sign.append("|").append(headers[Listed::Timestamp]);
  const partners::Partner* partner = directory_->find(headers[Listed::ClientKey]);
  const snap::RsaPublicKey& key = partner != nullptr ? partner->public_key : nobodys_key_;
  const bool right = key.verify(string_to_sign, headers[Listed::Signature]);
  if (right && partner != nullptr) return std::nullopt;
  Denied denied{unauthorized("Signature")};
  if (settings_.explain_signatures) denied.string_to_sign = std::move(string_to_sign);
  return denied;
}

std::optional<Problem> TokenDesk::check_body(const http::Request& request) {
  if (!document_.parse(request.body)) return Problem{Case::BadRequest, {}};
  const auto fields = snap::check_fields(kAccessTokenB2b.request, document_);
  if (!fields) return fields.error();
  if (fields->text("grantType") != "client_credentials") {
    return Problem{Case::InvalidFieldFormat, "grantType"};
  }
  return std::nullopt;
}

}  // namespace batal::services
