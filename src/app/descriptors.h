// File descriptors are what connections and the ledger's files share: running out of them would end
// the ledger, so the listeners are kept from taking them all.
#pragma once

#include "app/config.h"

namespace batal::app {

// Raises this process's limit as far as it may, and lowers the listeners' connections_max, with a
// warning, to what the limit leaves beside the ledger's files. Throws std::runtime_error naming the
// limit if it leaves no room to serve.
void fit_connections_to_descriptors(Config& config);

}  // namespace batal::app
