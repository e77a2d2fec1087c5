// The admin listener: health, the provider API, and whatever routes other rooms mount.
//
//   GET  /livez    200 while the process runs
//   GET  /readyz   200 while it serves, 503 before, while draining and after a failed write
//   POST /provider/v1/partners/{clientId}/transactions/{referenceNo}/pay | fail | refund | expire
//
// Everything but health needs Authorization: Bearer <admin token>. Errors are JSON: {"error": ...}.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "admin/provider.h"
#include "http/route.h"
#include "http/server.h"

namespace batal::admin {

// One per event loop of the admin listener; used on its thread only.
class Admin final : public http::Handler {
 public:
  struct Context {
    std::string token;
    std::function<bool()> ready;
    std::vector<http::Route> routes;  // need the token
  };

  // The context must outlive the handler.
  Admin(const Context& context, std::unique_ptr<Provider> provider)
      : context_(context), provider_(std::move(provider)) {}

  void handle(const http::Request& request, http::Reply reply) override;
  http::Answer refuse(http::Malformed why, const http::Request& request) override;

 private:
  bool is_authorised(const http::Request& request) const;
  http::Answer health(const http::Request& request) const;
  http::Answer routed(const http::Request& request) const;

  const Context& context_;
  const std::unique_ptr<Provider> provider_;
};

}  // namespace batal::admin
