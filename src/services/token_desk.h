// The token service, 73: its own short list of checks, and the token.
//
// Source: docs/protocol.md, "Access token". An unknown client gets the answer of a wrong signature,
// after the same work.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "http/server.h"
#include "partners/directory.h"
#include "partners/tokens.h"
#include "services/gate.h"
#include "services/settings.h"
#include "snap/document.h"
#include "snap/signature.h"
#include "snap/time.h"

namespace batal::services {

// One per event loop; used on its thread only.
class TokenDesk {
 public:
  TokenDesk(const Settings& settings, const partners::Tokens& tokens, snap::Clock clock,
            std::shared_ptr<const partners::Directory> directory);

  void use(std::shared_ptr<const partners::Directory> directory);

  // A new access token, or why not.
  std::expected<std::string, Denied> issue(const http::Request& request);

 private:
  std::optional<snap::Problem> check_headers(const ListedHeaders& headers, snap::Time now) const;
  std::optional<Denied> check_signature(const ListedHeaders& headers) const;
  std::optional<snap::Problem> check_body(const http::Request& request);

  const Settings settings_;
  const partners::Tokens& tokens_;
  const snap::Clock clock_;
  std::shared_ptr<const partners::Directory> directory_;
  const snap::RsaPublicKey nobodys_key_;
  snap::Document document_;
};

}  // namespace batal::services
