// What the C library's heap has given out. The sanitizers bring a heap of their own, of which it
// knows nothing: under them BATAL_HAS_HEAP is not defined, and tests of memory are left out.
#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define BATAL_HAS_OTHER_HEAP
#endif
#endif

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && \
    !defined(BATAL_HAS_OTHER_HEAP)
#define BATAL_HAS_HEAP

#include <malloc.h>

#include <cstddef>

namespace batal::testing {

// Bytes, large blocks included.
inline std::size_t heap_bytes() {
  const auto heap = ::mallinfo2();
  return heap.uordblks + heap.hblkhd;
}

}  // namespace batal::testing

#endif
