// `batal call SERVICE`: one signed call through the merchant's client, its answer on stdout.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace batal::app {

struct CallArguments {
  std::string service{};  // name, code or path
  std::filesystem::path credentials = "data/sandbox/credentials.env";
  std::string base_url{};                    // instead of the credentials'
  std::optional<std::string> external_id{};  // none: a new one
  std::string body_file = "-";               // a file, "-" for stdin
  std::string ca_file{};
  int timeout_ms = 10'000;
};

// Exit status: 0 accepted; 1 refused; 2 wrong arguments; 75 in doubt, unreachable or not done for
// now, so that repeating with the same external id makes sense.
int call_service(const CallArguments& arguments);

}  // namespace batal::app
