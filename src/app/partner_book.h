// The partners of a running server, and their reload.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "app/config.h"
#include "http/server.h"
#include "partners/directory.h"
#include "services/pipeline.h"

namespace batal::app {

// Makes the folder of partner files if it is the one in the data folder. One that was named must be
// there, so that a slip of the pen does not begin a server without partners: std::runtime_error.
void prepare_partners_folder(const Config& config);

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
