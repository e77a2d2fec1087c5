// A connected socket, plain or with TLS (OpenSSL on the socket itself): non-blocking reads and
// writes that say what to wait for. The same code drives both kinds of connection. Owns the socket.
//
// TLS writes go through write(2): the threads that use it block SIGPIPE (see EventLoop).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <openssl/ssl.h>

#include "http/server.h"

namespace batal::http {

using TlsContext = std::shared_ptr<SSL_CTX>;

// The server's side of TLS 1.2 and later, ALPN "http/1.1". Throws std::runtime_error naming the
// file that is at fault.
TlsContext make_tls_context(const TlsFiles& files);

struct Io {
  enum class Status : std::uint8_t {
    Done,       // `bytes` were moved, at least one; for a handshake: it is complete
    WantRead,   // try again when the socket is readable
    WantWrite,  // try again when the socket is writable
    End,        // the peer sends no more
    Failed      // the connection is broken
  };
  Status status = Status::Failed;
  std::size_t bytes = 0;
  bool drained = false;  // a read took all that had come
};

class Transport {
 public:
  // Takes `descriptor` over, which must be non-blocking. Plain without `tls`.
  Transport(int descriptor, SSL_CTX* tls);

  int descriptor() const { return descriptor_.get(); }
  void close() { descriptor_.reset(); }  // nothing else may follow

  bool needs_handshake() const { return ssl_ && !SSL_is_init_finished(ssl_.get()); }
  Io handshake();
  Io read(std::span<char> space);
  Io write(std::string_view bytes);

  // TLS has received bytes that read() has not given out: the socket need not become readable.
  bool holds_bytes() const { return ssl_ && SSL_has_pending(ssl_.get()) == 1; }

  // Tells the peer that nothing more comes. Reads go on with discard().
  void finish_writing();
  // Reads and forgets, below TLS.
  Io discard();

 private:
  // Closes the descriptor when it is destroyed.
  class Descriptor {
   public:
    explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
    ~Descriptor() { reset(); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    int get() const { return descriptor_; }
    void reset();

   private:
    int descriptor_;  // -1: closed
  };

  Io outcome(int result);

  Descriptor descriptor_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
};

}  // namespace batal::http
