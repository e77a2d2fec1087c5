#include "app/call_command.h"

#include <cstdio>
#include <expected>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>

#include <fmt/format.h>

#include "batal/client.h"
#include "snap/identifier.h"

namespace batal::app {
namespace {

constexpr int kUsage = 2;
constexpr int kTryAgain = 75;

std::optional<std::string> read_body(const std::string& file) try {
  if (file == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
} catch (const std::ios_base::failure&) {  // of a folder, or a disk that does not read
  return std::nullopt;
}

int usage(const std::string& why) {
  fmt::print(stderr, "batal call: {}\n", why);
  return kUsage;
}

std::string service_names() {
  std::string names;
  for (const ServiceInfo& service : all_services()) {
    fmt::format_to(std::back_inserter(names), "\n  {}  {:24} {}", service.code, service.name,
                   service.path);
  }
  return names;
}

int exit_status(const Error& error) {
  return error.kind == Error::Kind::Refused ? EXIT_FAILURE : kTryAgain;
}

// What the credentials say, under what the command line says.
std::expected<Options, std::string> options_of(const CallArguments& arguments) {
  auto options = options_from_credentials(arguments.credentials);
  if (!options) return options;
  if (!arguments.base_url.empty()) options->base_url = arguments.base_url;
  options->ca_file = arguments.ca_file;
  options->timeout = std::chrono::milliseconds(arguments.timeout_ms);
  return options;
}

std::expected<Client, std::string> make_client(const CallArguments& arguments) {
  auto options = options_of(arguments);
  if (!options) return std::unexpected(options.error());
  try {
    return Client(*std::move(options));
  } catch (const std::invalid_argument& error) {
    return std::unexpected(fmt::format("{} (from {} and the command line)", error.what(),
                                       arguments.credentials.string()));
  }
}

}  // namespace

int call_service(const CallArguments& arguments) {
  const auto service = service_by_name(arguments.service);
  if (!service) {
    return usage(
        fmt::format("there is no service \"{}\"; there are{}", arguments.service, service_names()));
  }
  if (arguments.external_id && !snap::is_external_id(*arguments.external_id)) {
    return usage("external id: must be 1 to 36 of A-Z a-z 0-9 . _ ~ -");
  }
  auto client = make_client(arguments);
  if (!client) return usage(client.error());
  const auto body = read_body(arguments.body_file);
  if (!body) return usage("cannot read " + arguments.body_file);
  const Result result =
      client->call(*service, *body, {.external_id = arguments.external_id.value_or("")});
  if (result) {
    fmt::print("{}\n", result->body);
    return EXIT_SUCCESS;
  }
  if (!result.error().body.empty()) fmt::print("{}\n", result.error().body);
  fmt::print(stderr, "batal call: {}\n", result.error().text);
  return exit_status(result.error());
}

}  // namespace batal::app
