// Service 73: the access token, B2B. Its own short list of checks is in token_desk.cpp.
#include "services/declarations.h"

namespace batal::services {
namespace {

using snap::FieldType;
using snap::Presence;

constexpr snap::Field kRequest[] = {
    // The standard says grantType, the official clients send grant_type.
    {"grantType", FieldType::String, 64, Presence::Mandatory, "client_credentials", {"grant_type"}},
    {"additionalInfo", FieldType::Object, 0, Presence::Optional, "Ignored"},
};

constexpr snap::Field kAnswer[] = {
    {"accessToken", FieldType::String, 2048, Presence::Mandatory, "A JWT"},
    {"tokenType", FieldType::String, 6, Presence::Mandatory, "Bearer"},
    {"expiresIn", FieldType::String, 9, Presence::Mandatory, "Seconds, as a string: 900"},
};

}  // namespace

constexpr Service kAccessTokenB2b{
    .code = "73",
    .number = 73,
    .path = "/v1.0/access-token/b2b",
    .title = "Access token (B2B)",
    .kind = payment::Kind::Debit,
    .action = payment::Action::Query,
    .request = kRequest,
    .answer = kAnswer,
    .to_command = nullptr,
};

}  // namespace batal::services
