// The partners of a running server, and their reload.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "http/server.h"
#include "partners/directory.h"
#include "services/pipeline.h"

namespace batal::app {

// Pipelines are added by their loops as they are made; reload() may come from any thread.
class PartnerBook {
 public:
  // Throws std::runtime_error with all errors of the folder, one line each.
  explicit PartnerBook(std::filesystem::path folder);

  std::unique_ptr<services::Pipeline> make_pipeline(const services::Pipeline::Context& context,
                                                    http::Loop& loop);

  // Reads the folder again. Where anything is wrong, says so in the log and keeps the old.
  void reload();

 private:
  const std::filesystem::path folder_;
  std::mutex mutex_;  // guards what follows
  std::shared_ptr<const partners::Directory> directory_;
  std::vector<std::pair<http::Loop*, services::Pipeline*>> pipelines_;
};

}  // namespace batal::app
