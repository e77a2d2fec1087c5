#include "ledger/embedded/log/text_file.h"

namespace batal::ledger {

std::string read_text(const File& file, std::size_t bytes_max, const Path& path) {
  std::string text(bytes_max, '\0');
  auto* const bytes = reinterpret_cast<std::uint8_t*>(text.data());
  text.resize(must(read_all(file, {bytes, text.size()}, 0), "read", path));
  return text;
}

std::string read_text(FileDoor& door, std::size_t bytes_max, const Path& path) {
  return read_text(*must(door.open(path, OpenFor::Reading), "open", path), bytes_max, path);
}

FilePtr write_text(FileDoor& door, const Path& temporary, std::string_view text) {
  must(door.remove(temporary), "remove", temporary);
  FilePtr file = must(door.open(temporary, OpenFor::Creating), "make", temporary);
  must(write_all(*file, bytes_of(text), 0), "write", temporary);
  must(file->sync(), "sync", temporary);
  return file;
}

}  // namespace batal::ledger
