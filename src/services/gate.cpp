#include "services/gate.h"

#include <utility>

#include <boost/beast/core/string.hpp>

#include "snap/identifier.h"
#include "snap/minify.h"

namespace batal::services {

using snap::Case;
using snap::Problem;

namespace {

// Tokens and services whose calls find the beginning of what they sign computed; each takes about
// 1 KiB a secret.
constexpr std::size_t kSignersMax = 4096;

}  // namespace

std::optional<Problem> check_timestamp(std::string_view text, snap::Time now,
                                       std::chrono::seconds window) {
  const auto time = snap::parse_timestamp(text);
  if (!time) return malformed(Listed::Timestamp);
  if (*time < now - window || *time > now + window) {
    return unauthorized(name_of(Listed::Timestamp));
  }
  return std::nullopt;
}

Gate::Gate(const Settings& settings, const partners::Tokens& tokens, snap::Clock clock,
           std::shared_ptr<const partners::Directory> directory)
    : settings_(settings),
      clock_(std::move(clock)),
      directory_(std::move(directory)),
      tokens_(tokens, settings.tokens_cached_max) {}

void Gate::use(std::shared_ptr<const partners::Directory> directory) {
  signers_.clear();
  directory_ = std::move(directory);
}

std::expected<Admitted, Denied> Gate::admit(const Service& service, const http::Request& request) {
  static constexpr Check kOrder[] = {
      &Gate::content_type, &Gate::authorization, &Gate::token,
      &Gate::partner_id,   &Gate::timestamp,     &Gate::signature,
      &Gate::external_id,  &Gate::channel_id,    &Gate::json,
  };
  Passing passing{service, request, ListedHeaders(request), clock_()};
  for (const Check check : kOrder) {
    if (auto problem = (this->*check)(passing)) {
      return std::unexpected(Denied{*std::move(problem), std::move(passing.string_to_sign)});
    }
  }
  const bool lenient = passing.partner->lenient_debit_cancel && !service.lenient_request.empty();
  auto fields = check_fields(lenient ? service.lenient_request : service.request, document_);
  if (!fields) return std::unexpected(Denied{std::move(fields).error()});
  return Admitted{*passing.partner, passing.headers[Listed::ExternalId],
                  minified_,        fingerprint_,
                  passing.now,      *fields};
}

std::optional<Problem> Gate::content_type(Passing& passing) {
  return passing.headers.problem();
}

std::optional<Problem> Gate::authorization(Passing& passing) {
  static constexpr std::string_view kScheme = "Bearer ";
  const std::string_view value = passing.headers[Listed::Authorization];
  if (value.size() <= kScheme.size() ||
      !boost::beast::iequals(value.substr(0, kScheme.size()), kScheme)) {
    return unauthorized("Auth token required");
  }
  passing.token = value.substr(kScheme.size());
  return std::nullopt;
}

std::optional<Problem> Gate::token(Passing& passing) {
  const auto* const token = tokens_.find(passing.token, passing.now);
  if (token != nullptr) passing.partner = directory_->find(token->client_id);
  if (passing.partner == nullptr) return Problem{Case::InvalidToken, {}};
  passing.token_number = token->number;
  return std::nullopt;
}

std::optional<Problem> Gate::partner_id(Passing& passing) {
  const std::string_view id = passing.headers[Listed::PartnerId];
  if (id.empty()) return missing(Listed::PartnerId);
  if (!passing.partner->has_partner_id(id)) return unauthorized(name_of(Listed::PartnerId));
  return std::nullopt;
}

std::optional<Problem> Gate::timestamp(Passing& passing) {
  const std::string_view text = passing.headers[Listed::Timestamp];
  if (text.empty()) return missing(Listed::Timestamp);
  return check_timestamp(text, passing.now, settings_.timestamp_window);
}

std::optional<Problem> Gate::signature(Passing& passing) {
  if (passing.headers[Listed::Signature].empty()) return missing(Listed::Signature);
  snap::minify(passing.request.body, minified_);
  fingerprint_ = snap::sha256(minified_);
  if (is_signed_over(passing, fingerprint_)) return std::nullopt;
  if (passing.partner->accept_unescaped_signature && snap::unescape(minified_, unescaped_) &&
      is_signed_over(passing, snap::sha256(unescaped_))) {
    return std::nullopt;
  }
  if (settings_.explain_signatures) {
    passing.string_to_sign =
        snap::string_to_sign(passing.request.method, passing.request.path, passing.token,
                             fingerprint_, passing.headers[Listed::Timestamp]);
  }
  return unauthorized("Signature");
}

bool Gate::is_signed_over(Passing& passing, const snap::Sha256& body) {
  snap::rest_to_sign(rest_to_sign_, body, passing.headers[Listed::Timestamp]);
  for (snap::HmacSha512& signer : signers_of(passing)) {
    if (signer.verify(rest_to_sign_, passing.headers[Listed::Signature])) return true;
  }
  return false;
}

std::vector<snap::HmacSha512>& Gate::signers_of(const Passing& passing) {
  const std::pair key(passing.token_number, passing.service.number);
  if (const auto known = signers_.find(key); known != signers_.end()) return known->second;
  if (signers_.size() >= kSignersMax) signers_.clear();
  snap::common_to_sign(common_to_sign_, passing.request.method, passing.request.path,
                       passing.token);
  std::vector<snap::HmacSha512> signers;
  for (const std::string& secret : passing.partner->client_secrets) {
    signers.emplace_back(secret, common_to_sign_);
  }
  return signers_.emplace(key, std::move(signers)).first->second;
}

std::optional<Problem> Gate::external_id(Passing& passing) {
  const std::string_view id = passing.headers[Listed::ExternalId];
  if (id.empty()) return missing(Listed::ExternalId);
  if (!snap::is_external_id(id)) return malformed(Listed::ExternalId);
  return std::nullopt;
}

std::optional<Problem> Gate::channel_id(Passing& passing) {
  const std::string_view id = passing.headers[Listed::ChannelId];
  if (id.empty()) return missing(Listed::ChannelId);
  if (!snap::is_channel_id(id)) return malformed(Listed::ChannelId);
  return std::nullopt;
}

std::optional<Problem> Gate::json(Passing& passing) {
  if (!document_.parse(passing.request.body)) return Problem{Case::BadRequest, {}};
  return std::nullopt;
}

}  // namespace batal::services
