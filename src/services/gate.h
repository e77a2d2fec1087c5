// The order of checks (docs/protocol.md): everything between a request and the ledger, once, for
// all services. The first check that fails answers.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "http/server.h"
#include "partners/directory.h"
#include "partners/tokens.h"
#include "services/listed_headers.h"
#include "services/service.h"
#include "services/settings.h"
#include "snap/document.h"
#include "snap/signature.h"
#include "snap/time.h"

namespace batal::services {

// A request that passed. Views live until the next call of the gate.
struct Admitted {
  const partners::Partner& partner;
  std::string_view external_id;
  std::string_view minified_body;
  const snap::Sha256& fingerprint;  // of minified_body
  snap::Time now;
  snap::Fields fields;
};

// A request that did not.
struct Denied {
  snap::Problem problem;
  std::string string_to_sign{};  // what a right signature would have been made over
};

// One per event loop; used on its thread only.
class Gate {
 public:
  Gate(const Settings& settings, const partners::Tokens& tokens, snap::Clock clock,
       std::shared_ptr<const partners::Directory> directory);

  // From now on, these are the partners.
  void use(std::shared_ptr<const partners::Directory> directory);

  std::expected<Admitted, Denied> admit(const Service& service, const http::Request& request);

 private:
  // What is known of the request so far.
  struct Passing {
    const Service& service;
    const http::Request& request;
    ListedHeaders headers;
    snap::Time now;
    std::string_view token{};
    std::uint64_t token_number = 0;  // the cache's
    const partners::Partner* partner = nullptr;
    std::string string_to_sign{};
  };
  using Check = std::optional<snap::Problem> (Gate::*)(Passing&);

  // In their order. Each answers with its problem, or nothing if the request passes.
  std::optional<snap::Problem> content_type(Passing& passing);
  std::optional<snap::Problem> authorization(Passing& passing);
  std::optional<snap::Problem> token(Passing& passing);
  std::optional<snap::Problem> partner_id(Passing& passing);
  std::optional<snap::Problem> timestamp(Passing& passing);
  std::optional<snap::Problem> signature(Passing& passing);
  std::optional<snap::Problem> external_id(Passing& passing);
  std::optional<snap::Problem> channel_id(Passing& passing);
  std::optional<snap::Problem> json(Passing& passing);

  bool is_signed_over(Passing& passing, const snap::Sha256& body);
  std::vector<snap::HmacSha512>& signers_of(const Passing& passing);

  const Settings settings_;
  const snap::Clock clock_;
  std::shared_ptr<const partners::Directory> directory_;
  partners::TokenCache tokens_;
  // By token and service: the partner's secrets, with what the token's calls begin with.
  boost::unordered_flat_map<std::pair<std::uint64_t, std::uint8_t>, std::vector<snap::HmacSha512>>
      signers_;

  // Reused from request to request.
  snap::Document document_;
  std::string minified_;
  std::string unescaped_;
  std::string common_to_sign_;
  std::string rest_to_sign_;
  snap::Sha256 fingerprint_{};
};

// The check that the token service shares: well formed, and within the window around now.
std::optional<snap::Problem> check_timestamp(std::string_view text, snap::Time now,
                                             std::chrono::seconds window);

}  // namespace batal::services
