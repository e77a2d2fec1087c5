#include "batal/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <random>
#include <thread>

#include "client/answer.h"
#include "client/bodies.h"
#include "client/session.h"
#include "snap/document.h"
#include "snap/identifier.h"
#include "snap/minify.h"

namespace batal {
namespace {

using client::Answer;
using client::Fate;

constexpr std::chrono::milliseconds kPauseFirst{100};
constexpr std::chrono::milliseconds kPauseMax{2'000};

std::string new_external_id() {
  thread_local boost::uuids::random_generator generate;
  return boost::uuids::to_string(generate());
}

snap::Sha256 hash_of(std::string_view body) {
  std::string minified;
  snap::minify(body, minified);
  return snap::sha256(minified);
}

bool may_be_repeated(Fate fate) {
  return fate == Fate::InDoubt || fate == Fate::TryLater;
}

Error::Kind kind_of(const Answer& answer, bool in_doubt) {
  if (in_doubt && !settles_doubt(answer)) return Error::Kind::InDoubt;
  if (answer.fate == Fate::Malformed) return Error::Kind::Malformed;
  if (answer.http_status == 0) return Error::Kind::Transport;
  return answer.fate == Fate::TryLater ? Error::Kind::TryLater : Error::Kind::Refused;
}

Result result_of(Answer answer, bool in_doubt, const std::string& external_id, int attempts) {
  if (answer.fate == Fate::Accepted) {
    return Response{answer.http_status,
                    std::move(answer.response_code),
                    std::move(answer.response_message),
                    std::move(answer.body),
                    external_id,
                    attempts};
  }
  const auto kind = kind_of(answer, in_doubt);
  if (kind == Error::Kind::InDoubt) {
    answer.text = fmt::format("in doubt after {} attempts, go on with external id {}; last: {}",
                              attempts, external_id, answer.text);
  }
  return std::unexpected(Error{kind, answer.http_status, std::move(answer.response_code),
                               std::move(answer.response_message), std::move(answer.body),
                               external_id, attempts, std::move(answer.text)});
}

Result refused_here(const std::string& external_id) {
  Error error{.kind = Error::Kind::Refused, .external_id = external_id};
  error.text = "external id: must be 1 to 36 of A-Z a-z 0-9 . _ ~ -; nothing was sent";
  return std::unexpected(std::move(error));
}

}  // namespace

struct Client::Impl {
  explicit Impl(Options options)
      : sleep(options.sleep),
        attempts_max(options.attempts_max),
        session(std::move(options)),
        random(std::random_device{}()) {}

  Result call(std::string_view path, std::string_view body, const std::string& external_id);
  void pause(int attempt);

  std::function<void(std::chrono::milliseconds)> sleep;
  int attempts_max;
  client::Session session;
  std::minstd_rand random;
};

Result Client::Impl::call(std::string_view path, std::string_view body,
                          const std::string& external_id) {
  if (!snap::is_external_id(external_id)) return refused_here(external_id);
  const client::Call call{path, body, hash_of(body), external_id};
  bool in_doubt = false;
  for (int attempt = 1;; ++attempt) {
    Answer answer = session.send(call);
    in_doubt = in_doubt || answer.fate == Fate::InDoubt;
    if (!may_be_repeated(answer.fate) || attempt == attempts_max) {
      return result_of(std::move(answer), in_doubt, external_id, attempt);
    }
    pause(attempt);
  }
}

// Doubled each time, and shortened by up to a half at random, so that the callers of a provider
// that stumbled do not come back in step.
void Client::Impl::pause(int attempt) {
  const auto longest = std::min(kPauseMax, kPauseFirst * (1 << std::min(attempt - 1, 10)));
  std::uniform_int_distribution<std::int64_t> between(longest.count() / 2, longest.count());
  const std::chrono::milliseconds length(between(random));
  if (sleep) {
    sleep(length);
  } else {
    std::this_thread::sleep_for(length);
  }
}

std::optional<std::string> Response::field(std::string_view path) const {
  snap::Document document;
  if (!document.parse(body)) return std::nullopt;
  const snap::JsonValue* value = document.find(path);
  if (value == nullptr) return std::nullopt;
  return std::string(value->text);
}

Client::Client(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

Result Client::call(Service service, std::string_view json_body, const CallOptions& options) {
  return impl_->call(info(service).path, json_body,
                     options.external_id.empty() ? new_external_id() : options.external_id);
}

Result Client::create_debit(const CreateDebit& request, const CallOptions& options) {
  return call(Service::CreateDebit, client::to_json(request), options);
}

Result Client::query_debit(const QueryDebit& request, const CallOptions& options) {
  return call(Service::QueryDebit, client::to_json(request), options);
}

Result Client::cancel_debit(const CancelDebit& request, const CallOptions& options) {
  return call(Service::CancelDebit, client::to_json(request), options);
}

Result Client::create_qris(const CreateQris& request, const CallOptions& options) {
  return call(Service::CreateQris, client::to_json(request), options);
}

Result Client::query_qris(const QueryQris& request, const CallOptions& options) {
  return call(Service::QueryQris, client::to_json(request), options);
}

Result Client::cancel_qris(const CancelQris& request, const CallOptions& options) {
  return call(Service::CancelQris, client::to_json(request), options);
}

Result Client::authorise(const Authorise& request, const CallOptions& options) {
  return call(Service::Authorise, client::to_json(request), options);
}

Result Client::query_authorisation(const QueryAuthorisation& request, const CallOptions& options) {
  return call(Service::QueryAuthorisation, client::to_json(request), options);
}

Result Client::capture(const Capture& request, const CallOptions& options) {
  return call(Service::Capture, client::to_json(request), options);
}

Result Client::void_authorisation(const VoidAuthorisation& request, const CallOptions& options) {
  return call(Service::VoidAuthorisation, client::to_json(request), options);
}

Result Client::create_virtual_account(const CreateVirtualAccount& request,
                                      const CallOptions& options) {
  return call(Service::CreateVirtualAccount, client::to_json(request), options);
}

Result Client::query_virtual_account(const QueryVirtualAccount& request,
                                     const CallOptions& options) {
  return call(Service::QueryVirtualAccount, client::to_json(request), options);
}

Result Client::delete_virtual_account(const DeleteVirtualAccount& request,
                                      const CallOptions& options) {
  return call(Service::DeleteVirtualAccount, client::to_json(request), options);
}

}  // namespace batal
