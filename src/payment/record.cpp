#include "payment/record.h"

#include <tuple>

namespace batal::payment {

bool Event::operator==(const Event& other) const {
  const auto fields = [](const Event& event) {
    return std::tie(event.at, event.action, event.call, event.action_no, event.partner_action_no,
                    event.rendering, *event.transaction);
  };
  return fields(*this) == fields(other);
}

Time time_of(const Record& record) {
  if (const auto* event = std::get_if<EventPtr>(&record)) return (*event)->at;
  if (const auto* not_found = std::get_if<NotFoundYet>(&record)) return not_found->at;
  return std::get<TimeMark>(record).at;
}

}  // namespace batal::payment
