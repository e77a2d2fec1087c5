#include "partners/random.h"

#include <openssl/rand.h>

#include <stdexcept>
#include <string_view>

namespace batal::partners {

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1) {
    throw std::runtime_error("no random bytes from OpenSSL");
  }
  return bytes;
}

std::string random_alphanumeric(std::size_t count) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::string text;
  while (text.size() < count) {
    for (const char byte : random_bytes(count - text.size())) {
      // Six bits a character; the two values beyond the alphabet are drawn again, so that no
      // character is likelier than another.
      const auto index = static_cast<std::size_t>(byte & 0x3f);
      if (index < kAlphabet.size()) text.push_back(kAlphabet[index]);
    }
  }
  return text;
}

}  // namespace batal::partners
