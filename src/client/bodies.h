// The typed requests of batal/client.h as JSON bodies.
#pragma once

#include <string>

#include "batal/client.h"

namespace batal::client {

std::string to_json(const CreateDebit& request);
std::string to_json(const QueryDebit& request);
std::string to_json(const CancelDebit& request);
std::string to_json(const CreateQris& request);
std::string to_json(const QueryQris& request);
std::string to_json(const CancelQris& request);
std::string to_json(const Authorise& request);
std::string to_json(const QueryAuthorisation& request);
std::string to_json(const Capture& request);
std::string to_json(const VoidAuthorisation& request);
std::string to_json(const CreateVirtualAccount& request);
std::string to_json(const QueryVirtualAccount& request);
std::string to_json(const DeleteVirtualAccount& request);

}  // namespace batal::client
