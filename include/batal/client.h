// The merchant's side: calls a provider's SNAP services, from the token to the retry.
//
//   batal::Options options = batal::options_from_credentials("credentials.env").value();
//   batal::Client client(std::move(options));
//   auto cancelled = client.cancel_debit({.original_partner_reference_no = "order-17",
//                                         .original_reference_no = "A1202411..."});
//   if (cancelled) std::puts(cancelled->field("cancelTime").value_or("").c_str());
//   else std::puts(cancelled.error().text.c_str());
//
// What it takes care of:
// - The access token is fetched on first use, kept until shortly before it expires, and fetched
//   anew when the provider refuses it (401xx01).
// - Every request is signed with the client secret; the timestamp is that of the attempt.
// - A call whose outcome is not known (no answer in time, a broken connection, a 5xx other than
//   500xx01) is repeated with the same external id and the same body, byte for byte, so that the
//   provider can tell that it is the same call; never with a new external id. What was certainly
//   not done (no connection, 429xx00, 500xx01) is repeated in the same way, and nothing else is.
// - If the outcome is still not known after the last attempt, the error says so (InDoubt) and
//   names the external id. Go on with it later: call again with that id and the same body, or ask
//   the query service for it. A new external id could do the same thing twice.
//
// Texts are UTF-8. A Client is not thread-safe; use one per thread. It holds one connection.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace batal {

// --- Services ------------------------------------------------------------------------------------

enum class Service : std::uint8_t {
  CreateDebit,
  QueryDebit,
  CancelDebit,
  CreateQris,
  QueryQris,
  CancelQris,
  Authorise,
  QueryAuthorisation,
  Capture,
  VoidAuthorisation,
  CreateVirtualAccount,
  QueryVirtualAccount,
  DeleteVirtualAccount,
};

struct ServiceInfo {
  Service service;
  std::string_view name;  // "debit-cancel"
  std::string_view code;  // "57"
  std::string_view path;  // "/v1.0/debit/cancel"
};

std::span<const ServiceInfo> all_services();
const ServiceInfo& info(Service service);

// By its name, its code or its path.
std::optional<Service> service_by_name(std::string_view text);

// --- Who calls, and how --------------------------------------------------------------------------

struct Options {
  std::string base_url{};         // "https://merchants.example[/prefix]"; the prefix is signed too
  std::string client_id{};        // X-CLIENT-KEY of the token request
  std::string partner_id{};       // X-PARTNER-ID; empty: the client id
  std::string client_secret{};    // signs every call but the token request
  std::string private_key_pem{};  // PKCS#8, at least 2048 bits; signs the token request
  std::string channel_id = "95221";           // CHANNEL-ID, five digits
  std::chrono::milliseconds timeout{10'000};  // of one attempt
  std::string ca_file{};                      // PEM; empty: the system's trust store
  int attempts_max = 3;                       // of one call, the first included

  // For tests: how a pause is spent, and what time it is. Empty: really.
  std::function<void(std::chrono::milliseconds)> sleep{};
  std::function<std::chrono::system_clock::time_point()> now{};
};

// Reads a file of KEY=VALUE lines: CLIENT_ID, CLIENT_SECRET, PRIVATE_KEY_FILE (relative to the
// file), and if given BASE_URL, PARTNER_ID and CHANNEL_ID; without a BASE_URL, base_url is left to
// the caller. A value may stand in single or double quotes; empty lines, lines that begin with '#'
// and other keys are passed over. The error names file, line and key.
std::expected<Options, std::string> options_from_credentials(const std::filesystem::path& file);

// --- Outcomes ------------------------------------------------------------------------------------

struct Response {
  int http_status = 0;          // 2xx
  std::string response_code{};  // "2005700"
  std::string response_message{};
  std::string body{};         // the JSON, as it came
  std::string external_id{};  // of the call: its key for status and retries
  int attempts = 0;           // how many it took

  // The text of a member, by its dotted path ("virtualAccountData.trxId"); a number or another
  // value as JSON. None if it is absent.
  std::optional<std::string> field(std::string_view path) const;
};

struct Error {
  enum class Kind : std::uint8_t {
    Transport,  // no attempt reached the provider: nothing was done
    TryLater,   // nothing was done, but may be later: 429, 500xx01, or no token to be had for now
    InDoubt,    // it may have been done: go on later with the same external id
    Refused,    // nothing was done, nor would be: http_status and response_code say why
    Malformed,  // what came back is no answer of the standard: treat it as in doubt
  };
  Kind kind = Kind::Transport;
  int http_status = 0;          // of the last answer; 0: there was none
  std::string response_code{};  // "4035715"; empty if there was none
  std::string response_message{};
  std::string body{};
  std::string external_id{};
  int attempts = 0;
  std::string text{};  // all of it in words
};

struct CallOptions {
  std::string external_id{};  // empty: a new UUID. Give one to go on with an earlier call
};

using Result = std::expected<Response, Error>;

// --- Requests ------------------------------------------------------------------------------------
// The standard's fields under the standard's names. A std::string is mandatory there. Where a
// transaction is named, give its reference number or the external id of its creation.

struct Amount {
  std::string value{};  // "10000.00"
  std::string currency = "IDR";
};

struct CreateDebit {
  std::string partner_reference_no{};
  Amount amount{};  // payOptionDetails[0].transAmount
  std::string pay_method = "GOPAY";
  std::string pay_option = "GOPAY_WALLET";
  std::optional<std::string> merchant_id{};
  std::optional<std::string> charge_token{};
  std::optional<std::string> valid_up_to{};  // RFC 3339
};

struct QueryDebit {
  std::optional<std::string> original_partner_reference_no{};
  std::optional<std::string> original_reference_no{};
  std::optional<std::string> original_external_id{};
};

struct CancelDebit {
  std::string original_partner_reference_no{};
  std::optional<std::string> original_reference_no{};
  std::optional<std::string> original_external_id{};
};

struct CreateQris {
  std::string partner_reference_no{};
  Amount amount{};
  std::string merchant_id{};
  std::optional<std::string> validity_period{};  // RFC 3339
};

struct QueryQris {
  std::optional<std::string> original_partner_reference_no{};
  std::optional<std::string> original_reference_no{};
  std::optional<std::string> original_external_id{};
  std::optional<std::string> merchant_id{};
};

struct CancelQris {
  std::optional<std::string> original_partner_reference_no{};
  std::optional<std::string> original_reference_no{};
  std::optional<std::string> original_external_id{};
  std::string merchant_id{};
  std::optional<std::string> sub_merchant_id{};
  std::optional<std::string> external_store_id{};
  std::string reason{};
  std::optional<Amount> amount{};
};

struct Authorise {
  std::string partner_reference_no{};
  std::string merchant_id{};
  Amount amount{};
  std::optional<std::string> title{};
  std::optional<std::string> valid_up_to{};  // RFC 3339
};

// Pre-auth services take the external id under additionalInfo; it is put there.
struct QueryAuthorisation {
  std::optional<std::string> original_partner_reference_no{};
  std::optional<std::string> original_reference_no{};
  std::optional<std::string> original_external_id{};
};

struct Capture {  // always in full
  std::string original_partner_reference_no{};
  std::optional<std::string> original_reference_no{};
  std::optional<std::string> original_external_id{};
  std::string merchant_id{};
  std::string partner_capture_no{};
  std::optional<std::string> title{};
};

struct VoidAuthorisation {
  std::string original_partner_reference_no{};
  std::optional<std::string> original_reference_no{};
  std::optional<std::string> original_external_id{};
  std::string merchant_id{};
  std::string partner_void_no{};
  std::optional<std::string> reason{};
};

struct CreateVirtualAccount {
  std::string partner_service_id{};  // 8 characters, padded with spaces on the left
  std::string customer_no{};
  std::string virtual_account_no{};  // partner_service_id + customer_no
  std::string trx_id{};
  Amount total_amount{};
  std::string merchant_id{};  // additionalInfo.merchantId, in the next two as well
  std::optional<std::string> virtual_account_name{};
  std::optional<std::string> expired_date{};  // RFC 3339
};

struct QueryVirtualAccount {
  std::string partner_service_id{};
  std::string customer_no{};
  std::string virtual_account_no{};
  std::string inquiry_request_id{};  // the trx_id of its creation
  std::string merchant_id{};
};

struct DeleteVirtualAccount {
  std::string partner_service_id{};
  std::string customer_no{};
  std::string virtual_account_no{};
  std::string trx_id{};
  std::string merchant_id{};
};

// --- The client ----------------------------------------------------------------------------------

class Client {
 public:
  // Throws std::invalid_argument naming the option that will not do. Connects to nothing yet.
  explicit Client(Options options);
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  // Any service with any body: one JSON object, sent as it is.
  Result call(Service service, std::string_view json_body, const CallOptions& options = {});

  Result create_debit(const CreateDebit& request, const CallOptions& options = {});
  Result query_debit(const QueryDebit& request, const CallOptions& options = {});
  Result cancel_debit(const CancelDebit& request, const CallOptions& options = {});

  Result create_qris(const CreateQris& request, const CallOptions& options = {});
  Result query_qris(const QueryQris& request, const CallOptions& options = {});
  Result cancel_qris(const CancelQris& request, const CallOptions& options = {});

  Result authorise(const Authorise& request, const CallOptions& options = {});
  Result query_authorisation(const QueryAuthorisation& request, const CallOptions& options = {});
  Result capture(const Capture& request, const CallOptions& options = {});
  Result void_authorisation(const VoidAuthorisation& request, const CallOptions& options = {});

  Result create_virtual_account(const CreateVirtualAccount& request,
                                const CallOptions& options = {});
  Result query_virtual_account(const QueryVirtualAccount& request, const CallOptions& options = {});
  Result delete_virtual_account(const DeleteVirtualAccount& request,
                                const CallOptions& options = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace batal
