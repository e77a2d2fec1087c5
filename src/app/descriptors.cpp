#include "app/descriptors.h"

#include <sys/resource.h>

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace batal::app {
namespace {

// The log and its segments open for reading, loops and acceptors, partner files, the library's own.
constexpr std::size_t kReserved = 128;
constexpr std::size_t kPerLoop = 8;
constexpr std::size_t kConnectionsLeast = 16;

std::size_t raised_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

}  // namespace

void fit_connections_to_descriptors(Config& config) {
  const std::size_t limit = raised_limit();
  const std::size_t reserved = kReserved + kPerLoop * config.loops;
  std::size_t& admin = config.admin.limits.connections_max;
  std::size_t& services = config.listener.limits.connections_max;
  admin = std::min(admin, kConnectionsLeast + limit / 16);
  const std::size_t least = reserved + admin + kConnectionsLeast;
  if (limit < least) {
    throw std::runtime_error(fmt::format(
        "the limit of open files is {}, and batal needs at least {} (ulimit -n, or LimitNOFILE of "
        "its unit)",
        limit, least));
  }
  const std::size_t room = limit - reserved - admin;
  if (services <= room) return;
  spdlog::warn("http.connections_max is lowered from {} to {}: the limit of open files is {}",
               services, room, limit);
  services = room;
}

}  // namespace batal::app
