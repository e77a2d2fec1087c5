#include "payment/keys.h"

namespace batal::payment {
namespace {

Key reference(const Transaction& transaction) {
  return {Key::By::Reference, 0, transaction.partner, transaction.reference_no};
}

Key call(std::string_view partner, std::uint8_t service, std::string_view external_id) {
  return {Key::By::Call, service, partner, external_id};
}

void add_target_keys(const Command& command, Keys& keys) {
  const Target& target = command.target;
  const std::string_view partner = command.partner;
  if (!target.reference_no.empty()) {
    keys.transaction.push_back({Key::By::Reference, 0, partner, target.reference_no});
    return;
  }
  if (!target.trx_id.empty()) {
    keys.transaction.push_back({Key::By::TrxId, 0, partner, target.trx_id});
  }
  if (target.external_id.empty() || !command.kind) return;
  if (command.action != Action::Query) {
    keys.transaction.push_back(call(partner, creation_service(*command.kind), target.external_id));
    return;
  }
  for (const std::uint8_t service : services_found_by_external_id(*command.kind)) {
    keys.transaction.push_back(call(partner, service, target.external_id));
  }
}

RecordKeys keys_of_event(const Event& event) {
  const Transaction& transaction = *event.transaction;
  RecordKeys keys{reference(transaction)};
  if (!event.call.external_id.empty()) {
    keys.push_back(call(transaction.partner, event.call.service, event.call.external_id));
  }
  if (event.action == Action::Create && transaction.kind == Kind::VirtualAccount) {
    keys.push_back({Key::By::TrxId, 0, transaction.partner, transaction.trx_id});
    keys.push_back({Key::By::VaNumber, 0, transaction.partner, transaction.virtual_account_no});
  }
  return keys;
}

}  // namespace

Keys keys_of(const Command& command) {
  Keys keys;
  if (!command.call.external_id.empty()) {
    keys.identity = call(command.partner, command.call.service, command.call.external_id);
  }
  if (command.action != Action::Create) {
    add_target_keys(command, keys);
  } else if (command.draft.kind == Kind::VirtualAccount) {
    keys.trx_id = Key{Key::By::TrxId, 0, command.partner, command.draft.trx_id};
    keys.va_number = Key{Key::By::VaNumber, 0, command.partner, command.draft.virtual_account_no};
  }
  return keys;
}

RecordKeys keys_of(const Record& record) {
  if (const auto* event = std::get_if<EventPtr>(&record)) return keys_of_event(**event);
  if (const auto* not_found = std::get_if<NotFoundYet>(&record)) {
    if (!not_found->trx_id.empty()) {
      return {Key{Key::By::TrxId, 0, not_found->partner, not_found->trx_id}};
    }
    return {call(not_found->partner, not_found->service, not_found->external_id)};
  }
  return {};
}

}  // namespace batal::payment
