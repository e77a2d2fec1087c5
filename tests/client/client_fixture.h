// A client on a scripted provider, with a clock and pauses of the test's own.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "batal/client.h"
#include "client/scripted_provider.h"
#include "snap/minify.h"
#include "snap/signature.h"

namespace batal::client {

using namespace std::chrono_literals;
using Kind = Error::Kind;

inline const snap::RsaPrivateKey& key() {
  static const auto made = snap::RsaPrivateKey::generate();
  return made;
}

inline const std::string kBody = "{ \"reason\" : \"a b\", \"merchantId\": \"G1\" }";

inline std::string refusal(const std::string& code, const std::string& message) {
  return R"({"responseCode":")" + code + R"(","responseMessage":")" + message + R"("})";
}

class ClientTest : public ::testing::Test {
 protected:
  Options options() {
    Options made;
    made.base_url = provider_.base_url();
    made.client_id = "demo";
    made.partner_id = "BMRI";
    made.client_secret = "s3cr3t";
    made.private_key_pem = key().private_pem();
    made.sleep = [this](std::chrono::milliseconds length) { pauses_.push_back(length); };
    made.now = [this] { return now_; };
    return made;
  }
  Result call_once(const CallOptions& how = {}) {
    return Client(options()).call(Service::CancelDebit, kBody, how);
  }

  ScriptedProvider provider_;
  std::vector<std::chrono::milliseconds> pauses_;
  std::chrono::system_clock::time_point now_ = std::chrono::sys_days(2026y / 11 / 23) + 8h;
};

// The signature is checked as a provider does it, from the text of the headers.
inline void expect_signed(const Seen& seen, const std::string& token) {
  const auto& headers = seen.headers;
  EXPECT_EQ(headers.at("Authorization"), "Bearer " + token);
  std::string minified;
  snap::minify(seen.body, minified);
  const std::string message = snap::string_to_sign("POST", seen.path, token, snap::sha256(minified),
                                                   headers.at("X-TIMESTAMP"));
  EXPECT_TRUE(snap::HmacSha512("s3cr3t").verify(message, headers.at("X-SIGNATURE"))) << message;
}

}  // namespace batal::client
