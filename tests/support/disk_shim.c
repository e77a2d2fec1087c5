// Stands before the C library (LD_PRELOAD) and makes the disk under the log slow, or broken. Only
// calls on files named *.segment are touched: the log's own once it is in use, and not what is
// still being made under another name. Set by environment variables, all optional:
//
//   DISK_SHIM_SYNC_US   a sync takes at least so many microseconds
//   DISK_SHIM_HOLD      while a file of this name exists, a sync waits
//   DISK_SHIM_FAIL      "fdatasync 3" or "pwrite 3": the third such call and all later fail
//   DISK_SHIM_ERRNO     with this number; EIO where it is not set
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum { kNameBytes = 4096, kHoldUs = 2000 };

static int is_segment(int descriptor) {
  static const char ending[] = ".segment";
  char link[64];
  char name[kNameBytes];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  const ssize_t length = readlink(link, name, sizeof name);
  const ssize_t tail = sizeof ending - 1;
  return length > tail && memcmp(name + length - tail, ending, tail) == 0;
}

// Whether this call fails; errno says then why.
static int must_fail(const char* call, atomic_long* count) {
  const char* wish = getenv("DISK_SHIM_FAIL");
  const char* why = getenv("DISK_SHIM_ERRNO");
  const size_t length = strlen(call);
  if (wish == NULL || strncmp(wish, call, length) != 0) return 0;
  errno = why == NULL ? EIO : atoi(why);
  return atomic_fetch_add(count, 1) + 1 >= atol(wish + length);
}

static void take_time(void) {
  const char* least = getenv("DISK_SHIM_SYNC_US");
  const char* hold = getenv("DISK_SHIM_HOLD");
  if (least != NULL) usleep((useconds_t)atol(least));
  while (hold != NULL && access(hold, F_OK) == 0) usleep(kHoldUs);
}

int fdatasync(int descriptor) {
  static int (*next)(int);
  static atomic_long count;
  if (next == NULL) next = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  if (!is_segment(descriptor)) return next(descriptor);
  take_time();
  return must_fail("fdatasync", &count) ? -1 : next(descriptor);
}

ssize_t pwrite(int descriptor, const void* bytes, size_t size, off_t offset) {
  static ssize_t (*next)(int, const void*, size_t, off_t);
  static atomic_long count;
  if (next == NULL) next = (ssize_t(*)(int, const void*, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
  if (is_segment(descriptor) && must_fail("pwrite", &count)) return -1;
  return next(descriptor, bytes, size, offset);
}

ssize_t pwrite64(int descriptor, const void* bytes, size_t size, off_t offset) {
  return pwrite(descriptor, bytes, size, offset);
}
