// A partner that a proof in C++ calls the server as: made in the partners folder before the server
// starts, then signing its calls. Not thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "snap/signature.h"
#include "snap/time.h"
#include "support/server_process.h"

namespace batal::testing {

class Merchant {
 public:
  // Makes the partner `client_id` with the merchants M-{client_id}-1 and -2 and the VA partner
  // service id `service_id` (digits).
  Merchant(const ServerProcess& server, std::string client_id, std::string_view service_id);

  const std::string& client_id() const { return client_id_; }
  std::string merchant(int number) const;
  const std::string& service_id() const { return service_id_; }  // padded to 8 characters

  // Fetches an access token unless there is one that will hold for some minutes. `now` is what the
  // server takes for now.
  void ensure_token(std::uint16_t port, snap::Time now);

  // The bytes of a signed call of a service, by its code ("57").
  std::string request(std::string_view service, std::string_view external_id, std::string_view body,
                      snap::Time now);

 private:
  const std::string client_id_;
  const std::string service_id_;
  snap::RsaPrivateKey key_;
  snap::HmacSha512 secret_;
  std::string token_;
  snap::Time token_until_{};
};

}  // namespace batal::testing
