#include "http/transport.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <new>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <openssl/err.h>

namespace batal::http {

namespace {

constexpr unsigned char kAlpn[] = "\x08http/1.1";
constexpr unsigned kAlpnBytes = sizeof kAlpn - 1;

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_bytes,
                    const unsigned char* offered, unsigned offered_bytes, void*) {
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, chosen_bytes, kAlpn, kAlpnBytes, offered, offered_bytes) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

// Without this a key with a passphrase would ask on the terminal.
int no_passphrase(char*, int, int, void*) {
  return 0;
}

std::runtime_error file_error(std::string_view what, const std::string& file) {
  const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return std::runtime_error(
      fmt::format("{} {}: {}", what, file, reason ? reason : "cannot be read"));
}

Io socket_outcome(ssize_t result, Io::Status would_block) {
  if (result > 0) return {Io::Status::Done, static_cast<std::size_t>(result)};
  if (result == 0) return {Io::Status::End};
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {would_block};
  return {Io::Status::Failed};
}

}  // namespace

TlsContext make_tls_context(const TlsFiles& files) {
  TlsContext context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!context) throw std::bad_alloc();
  SSL_CTX* const raw = context.get();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_options(
      raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(raw, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(raw, choose_protocol, nullptr);
  SSL_CTX_set_default_passwd_cb(raw, no_passphrase);
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(raw, files.certificate_file.c_str()) != 1) {
    throw file_error("certificate file", files.certificate_file);
  }
  if (SSL_CTX_use_PrivateKey_file(raw, files.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    throw file_error("key file", files.key_file);
  }
  return context;
}

Transport::Transport(int descriptor, SSL_CTX* tls)
    : descriptor_(descriptor), ssl_(tls ? SSL_new(tls) : nullptr, SSL_free) {
  if (!tls) return;
  if (!ssl_ || SSL_set_fd(ssl_.get(), descriptor) != 1) throw std::bad_alloc();
  SSL_set_accept_state(ssl_.get());
}

void Transport::Descriptor::reset() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

Io Transport::handshake() {
  ERR_clear_error();
  return outcome(SSL_do_handshake(ssl_.get()));
}

Io Transport::read(std::span<char> space) {
  if (!ssl_) {
    const ssize_t count = ::recv(descriptor_.get(), space.data(), space.size(), 0);
    Io io = socket_outcome(count, Io::Status::WantRead);
    io.drained = io.bytes < space.size();
    return io;
  }
  ERR_clear_error();
  return outcome(SSL_read(ssl_.get(), space.data(), static_cast<int>(space.size())));
}

Io Transport::write(std::string_view bytes) {
  if (!ssl_) {
    return socket_outcome(::send(descriptor_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
                          Io::Status::WantWrite);
  }
  ERR_clear_error();
  return outcome(SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())));
}

void Transport::finish_writing() {
  if (ssl_ && SSL_is_init_finished(ssl_.get())) SSL_shutdown(ssl_.get());
  ERR_clear_error();
  ::shutdown(descriptor_.get(), SHUT_WR);
}

Io Transport::discard() {
  std::array<char, 16 * 1024> nowhere;
  return socket_outcome(::recv(descriptor_.get(), nowhere.data(), nowhere.size(), 0),
                        Io::Status::WantRead);
}

Io Transport::outcome(int result) {
  if (result > 0) return {Io::Status::Done, static_cast<std::size_t>(result)};
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return {Io::Status::WantRead};
    case SSL_ERROR_WANT_WRITE:
      return {Io::Status::WantWrite};
    case SSL_ERROR_ZERO_RETURN:
      return {Io::Status::End};
    default:
      return {Io::Status::Failed};
  }
}

}  // namespace batal::http
