#include "services/registry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "services/declarations.h"
#include "snap/document.h"
#include "snap/field.h"

namespace batal::services {
namespace {

using payment::Action;

bool has_identity(const Service& service) {
  return service.to_command != nullptr && service.action != Action::Query;
}

TEST(Registry, KnowsEveryServiceByItsPath) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"73", "/v1.0/access-token/b2b"},
      {"57", "/v1.0/debit/cancel"},
      {"77", "/v1.0/qr/qr-mpm-cancel"},
      {"67", "/v1.0/auth/void"},
      {"31", "/v1.0/transfer-va/delete-va"},
      {"54", "/v1.0/debit/payment-host-to-host"},
      {"55", "/v1.0/debit/status"},
      {"47", "/v1.0/qr/qr-mpm-generate"},
      {"51", "/v1.0/qr/qr-mpm-query"},
      {"63", "/v1.0/auth/payment"},
      {"64", "/v1.0/auth/query"},
      {"65", "/v1.0/auth/capture"},
      {"27", "/v1.0/transfer-va/create-va"},
      {"26", "/v1.0/transfer-va/status"},
  };
  ASSERT_EQ(all_services().size(), table.size());
  std::set<std::string> paths;
  for (const auto& [code, path] : table) {
    const Service* service = find_service(path);
    ASSERT_NE(service, nullptr) << path;
    EXPECT_EQ(service->code, code);
    EXPECT_EQ(fmt::format("{:02}", service->number), code);
    EXPECT_TRUE(paths.insert(path).second) << path;
  }
}

TEST(Registry, KnowsNoOtherPath) {
  for (const char* path : {"", "/", "/v1.0/debit", "/v1.0/debit/cancel/", "/v1.0/debit/cancel2",
                           "/v1.1/debit/cancel", "/v1.0/Debit/cancel", "v1.0/debit/cancel"}) {
    EXPECT_EQ(find_service(path), nullptr) << path;
  }
}

TEST(Declaration, AgreesWithTheDomain) {
  for (const Service* service : all_services()) {
    if (service->to_command == nullptr) continue;
    const auto own = payment::services_found_by_external_id(service->kind);
    const bool creates = service->action == Action::Create;
    EXPECT_EQ(creates, service->number == payment::creation_service(service->kind))
        << service->code;
    EXPECT_EQ(has_identity(*service), std::ranges::count(own, service->number) == 1)
        << service->code;
  }
}

TEST(Declaration, SaysHowItIsAnswered) {
  for (const Service* service : all_services()) {
    const bool has_command = service->to_command != nullptr;
    EXPECT_EQ(has_command, service->number != 73) << service->code;
    EXPECT_EQ(service->render_event != nullptr, has_identity(*service)) << service->code;
    EXPECT_EQ(service->render_state != nullptr, has_command && !has_identity(*service))
        << service->code;
    const bool refuses_with_more =
        service->number == 57 || service->number == 77 || service->number == 67;
    EXPECT_EQ(service->render_refusal != nullptr, refuses_with_more) << service->code;
    EXPECT_FALSE(service->title.empty()) << service->code;
  }
}

TEST(Declaration, HasAnExpiryFieldExactlyWhereItCreates) {
  for (const Service* service : all_services()) {
    const bool creates = service->action == Action::Create;
    EXPECT_EQ(!service->expiry_field.empty(), creates) << service->code;
    const auto field =
        std::ranges::find(service->request, service->expiry_field, &snap::Field::path);
    ASSERT_EQ(field != service->request.end(), creates) << service->code;
    if (creates) {
      EXPECT_EQ(field->type, snap::FieldType::Timestamp) << service->code;
    }
  }
}

TEST(Declaration, IsLenientForDebitCancelsOnly) {
  for (const Service* service : all_services()) {
    EXPECT_EQ(!service->lenient_request.empty(), service == &kDebitCancel) << service->code;
  }
}

// {"a":{"b":VALUE}} for a.b
std::string body_with(std::string_view path, std::string_view value) {
  std::string open = "{";
  std::string close = "}";
  for (std::size_t dot = 0; (dot = path.find('.')) != path.npos; path.remove_prefix(dot + 1)) {
    open += fmt::format("\"{}\":{{", path.substr(0, dot));
    close += '}';
  }
  return fmt::format("{}\"{}\":{}{}", open, path, value, close);
}

TEST(Declaration, FindsEveryFieldUnderEachSpelling) {
  snap::Document document;
  for (const Service* service : all_services()) {
    std::set<std::string_view> spellings;
    for (const snap::Field& field : service->request) {
      std::vector<std::string_view> own{field.path};
      std::ranges::copy_if(field.aliases, std::back_inserter(own),
                           std::not_fn(&std::string_view::empty));
      for (const std::string_view spelling : own) {
        EXPECT_TRUE(spellings.insert(spelling).second) << service->code << ' ' << spelling;
        ASSERT_TRUE(document.parse(body_with(spelling, R"(["x"])"))) << spelling;
        const auto* value = snap::Fields(service->request, document).find(field.path);
        ASSERT_NE(value, nullptr) << service->code << ' ' << spelling;
        EXPECT_EQ(value->text, R"(["x"])") << service->code << ' ' << spelling;
      }
    }
  }
}

TEST(Declaration, ExplainsEveryField) {
  for (const Service* service : all_services()) {
    for (const auto fields : {service->request, service->answer}) {
      EXPECT_FALSE(fields.empty()) << service->code;
      for (const snap::Field& field : fields) {
        EXPECT_FALSE(field.meaning.empty()) << service->code << ' ' << field.path;
      }
    }
  }
}

}  // namespace
}  // namespace batal::services
