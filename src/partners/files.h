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

std::expected<std::string, std::string> read_file(const std::filesystem::path& file);

// Makes a file that is not there yet and syncs it. Never opens an existing one; a file that could
// not be written whole is removed again.
std::expected<void, std::string> create_file(const std::filesystem::path& file,
                                             std::string_view text, mode_t mode);

}  // namespace batal::partners
