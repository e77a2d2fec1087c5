#include "admin/errors.h"

#include "snap/json_writer.h"

namespace batal::admin {

http::Answer error_answer(int status, std::string_view why) {
  http::Answer answer;
  answer.status = status;
  snap::JsonWriter(answer.body).begin_object().member("error", why).end_object();
  return answer;
}

http::Answer method_answer(std::string_view allowed) {
  http::Answer answer = error_answer(405, "this path does not support the method");
  answer.headers.append("Allow: ").append(allowed).append("\r\n");
  return answer;
}

}  // namespace batal::admin
