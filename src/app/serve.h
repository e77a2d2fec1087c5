// `batal serve`: puts the rooms together, runs them and takes them down in order.
#pragma once

#include "app/config.h"

namespace batal::app {

// Serves until SIGTERM or SIGINT; SIGHUP reloads the partners. Returns the process's exit status.
int serve(Config config);

}  // namespace batal::app
