#include "admin/errors.h"

#include "snap/json_writer.h"

namespace batal::admin {

http::Answer error_answer(int status, std::string_view why) {
  http::Answer answer;
  answer.status = status;
  snap::JsonWriter(answer.body).begin_object().member("error", why).end_object();
  return answer;
}

}  // namespace batal::admin
