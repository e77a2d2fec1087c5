#include "admin/admin.h"

#include <string>
#include <utility>

#include "admin/errors.h"
#include "snap/signature.h"

namespace batal::admin {

void Admin::handle(const http::Request& request, http::Reply reply) {
  if (request.path == "/livez" || request.path == "/readyz") return reply.send(health(request));
  if (!is_authorised(request)) {
    return reply.send(error_answer(401, "Authorization: Bearer with the admin token is required"));
  }
  if (Provider::owns(request.path)) return provider_->handle(request, std::move(reply));
  reply.send(routed(request));
}

http::Answer Admin::refuse(http::Malformed why, const http::Request&) {
  switch (why) {
    case http::Malformed::HeadTooLarge:
      return error_answer(431, "the head is too large");
    case http::Malformed::BodyTooLarge:
      return error_answer(413, "the body is too large");
    case http::Malformed::Timeout:
      return error_answer(408, "the request did not arrive in time");
    case http::Malformed::Head:
      break;
  }
  return error_answer(400, "this is not an HTTP request");
}

bool Admin::is_authorised(const http::Request& request) const {
  const std::string_view* value = request.header("Authorization");
  return value != nullptr && snap::equal_constant_time(*value, "Bearer " + context_.token);
}

http::Answer Admin::health(const http::Request& request) const {
  if (request.method != "GET" && request.method != "HEAD") {
    return method_answer("GET, HEAD");
  }
  http::Answer answer;
  const bool ready = request.path == "/livez" || context_.ready();
  answer.status = ready ? 200 : 503;
  answer.body = ready ? R"({"status":"ok"})" : R"({"status":"not ready"})";
  return answer;
}

http::Answer Admin::routed(const http::Request& request) const {
  std::string allowed;
  for (const http::Route& route : context_.routes) {
    if (route.path != request.path) continue;
    if (route.method == request.method) return route.answer(request);
    allowed.append(allowed.empty() ? "" : ", ").append(route.method);
  }
  return allowed.empty() ? error_answer(404, "there is no such path") : method_answer(allowed);
}

}  // namespace batal::admin
