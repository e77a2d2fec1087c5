// Who may call: one partner's credentials, merchants and settings (docs/protocol.md, "Words").
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "snap/signature.h"

namespace batal::partners {

// Immutable once loaded; shared by all threads.
struct Partner {
  std::string client_id;                    // X-CLIENT-KEY; the token's subject
  std::vector<std::string> partner_ids;     // X-PARTNER-ID; the client id is always one
  snap::RsaPublicKey public_key;            // of the key that signs token requests
  std::vector<std::string> client_secrets;  // one or two live ones
  std::vector<std::string> merchant_ids;
  std::vector<std::string> va_partner_service_ids;  // 8 characters each, left-padded with spaces
  bool accept_unescaped_signature = true;           // also try the second signature form
  bool lenient_debit_cancel = false;  // 57 without originalPartnerReferenceNo is taken

  bool has_partner_id(std::string_view id) const;
  bool has_merchant(std::string_view id) const;
  bool has_va_partner_service_id(std::string_view id) const;
};

}  // namespace batal::partners
