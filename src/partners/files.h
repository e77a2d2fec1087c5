// Small files whole: keys, secrets, partner files.
//
// Errors are one line for people and name the file: "cannot read FILE: Permission denied".
#pragma once

#include <sys/types.h>

#include <expected>
#include <filesystem>
#include <string>
#include <string_view>

namespace batal::partners {

inline constexpr std::size_t kFileBytesMax = 1024 * 1024;

// A regular file; never waits for anybody, as for the writer of a FIFO.
std::expected<std::string, std::string> read_file(const std::filesystem::path& file);

// Makes a file that is not there yet, and syncs it and its folder. Never overwrites, and wherever
// it is stopped: under the name is the whole file or none. What a stopped call leaves, FILE.tmp, is
// removed by the next.
std::expected<void, std::string> create_file(const std::filesystem::path& file,
                                             std::string_view text, mode_t mode);

// The same over whatever is there: the old file or the whole new one.
std::expected<void, std::string> replace_file(const std::filesystem::path& file,
                                              std::string_view text, mode_t mode);

}  // namespace batal::partners
