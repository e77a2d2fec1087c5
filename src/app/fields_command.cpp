#include "app/fields_command.h"

#include <fmt/format.h>

#include "services/registry.h"

namespace batal::app {
namespace {

using snap::Field;
using snap::FieldType;
using snap::Presence;

std::string type_of(const Field& field) {
  const auto sized = [&](std::string_view name) {
    return field.length_max == 0 ? std::string(name)
                                 : fmt::format("{}({})", name, field.length_max);
  };
  switch (field.type) {
    case FieldType::String:
      return sized("String");
    case FieldType::Digits:
      return sized("Digits");
    case FieldType::PaddedDigits:
      return fmt::format("Digits({}), padded", field.length_max);
    case FieldType::Timestamp:
      return "Timestamp";
    case FieldType::Amount:
      return "Amount(16,2)";
    case FieldType::LooseAmount:
      return "Amount(16,2) or whole";
    case FieldType::Currency:
      return "Currency(3)";
    case FieldType::Object:
      return "Object";
    case FieldType::Array:
      return sized("Array");
    case FieldType::Any:
      return "Any";
  }
  return "";
}

std::string_view presence_of(const Field& field) {
  switch (field.presence) {
    case Presence::Mandatory:
      return "M";
    case Presence::Optional:
      return "O";
    case Presence::OneOf:
      return "C, one of these";
    case Presence::WithParent:
      return "M in its object";
    case Presence::Conditional:
      return "C";
  }
  return "";
}

void append_table(std::string& page, std::string_view title, std::span<const Field> fields) {
  fmt::format_to(std::back_inserter(page),
                 "\n{}:\n\n| field | type | | meaning |\n|---|---|---|---|\n", title);
  for (const Field& field : fields) {
    fmt::format_to(std::back_inserter(page), "| `{}` | {} | {} | {}", field.path, type_of(field),
                   presence_of(field), field.meaning);
    for (const std::string_view alias : field.aliases) {
      if (!alias.empty()) fmt::format_to(std::back_inserter(page), "; also `{}`", alias);
    }
    page += " |\n";
  }
}

}  // namespace

std::string fields_page() {
  std::string page =
      "# The fields of all services\n\n"
      "Made by `batal fields` from the declarations in `src/services/`; a test keeps this page and "
      "the code the same.\n\n"
      "M mandatory, O optional, C conditional. Lengths count Unicode code points. `null`, an empty "
      "string and `{}` count as absent; unknown members are ignored.\n";
  for (const services::Service* service : services::all_services()) {
    fmt::format_to(std::back_inserter(page), "\n## {} {}\n\n`POST {}`\n", service->code,
                   service->title, service->path);
    append_table(page, "Request", service->request);
    append_table(page, "Answer, beside `responseCode` and `responseMessage`", service->answer);
  }
  return page;
}

}  // namespace batal::app
