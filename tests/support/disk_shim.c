// Stands before the C library (LD_PRELOAD) and makes the disk under a server slow, or broken. The
// server and SQLite go through it; only calls on the files that are chosen are touched. Set by
// environment variables, all optional:
//
//   DISK_SHIM_FILES    a pattern of file names, as a shell knows them, without folders; *.segment
//                      where it is not set: the log's own once it is in use, and not what is still
//                      being made under another name. A rename is of the name it takes away
//   DISK_SHIM_SYNC_US  an fdatasync takes at least so many microseconds
//   DISK_SHIM_HOLD     while a file of this name exists, an fdatasync waits, and says so by making
//                      another with .held after its name
//   DISK_SHIM_FAIL     a call below: it fails; "fdatasync 3": the third and all later ones fail
//   DISK_SHIM_WHILE    only while a file of this name exists; others are not counted. It gets a byte
//                      for each call that fails
//   DISK_SHIM_ERRNO    with this number; EIO where it is not set
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum { kNameBytes = 4096, kHoldUs = 2000 };

static int is_chosen_path(const char* path) {
  const char* pattern = getenv("DISK_SHIM_FILES");
  const char* slash = strrchr(path, '/');
  return fnmatch(pattern == NULL ? "*.segment" : pattern, slash == NULL ? path : slash + 1, 0) == 0;
}

static int is_chosen(int descriptor) {
  char link[64];
  char name[kNameBytes];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  const ssize_t length = readlink(link, name, sizeof name - 1);
  if (length <= 0) return 0;
  name[length] = '\0';
  return is_chosen_path(name);
}

// Nothing where the file is gone by now.
static void add_byte(const char* file) {
  const int descriptor = open(file, O_WRONLY | O_APPEND);
  if (descriptor < 0) return;
  if (write(descriptor, ".", 1) != 1) abort();
  close(descriptor);
}

// Whether this call on a chosen file fails; errno says then why.
static int must_fail(const char* call) {
  static atomic_long count;
  const char* wish = getenv("DISK_SHIM_FAIL");
  const char* gate = getenv("DISK_SHIM_WHILE");
  const char* why = getenv("DISK_SHIM_ERRNO");
  const size_t length = strlen(call);
  if (wish == NULL || strncmp(wish, call, length) != 0) return 0;
  if (wish[length] != '\0' && wish[length] != ' ') return 0;
  if (gate != NULL && access(gate, F_OK) != 0) return 0;
  if (atomic_fetch_add(&count, 1) + 1 < atol(wish + length)) return 0;
  if (gate != NULL) add_byte(gate);
  errno = why == NULL ? EIO : atoi(why);
  return 1;
}

static int fails(const char* call, int descriptor) {
  return is_chosen(descriptor) && must_fail(call);
}

static void take_time(void) {
  const char* least = getenv("DISK_SHIM_SYNC_US");
  const char* hold = getenv("DISK_SHIM_HOLD");
  if (least != NULL) usleep((useconds_t)atol(least));
  if (hold == NULL || access(hold, F_OK) != 0) return;
  char held[kNameBytes];
  snprintf(held, sizeof held, "%s.held", hold);
  close(open(held, O_CREAT | O_WRONLY, 0600));
  while (access(hold, F_OK) == 0) usleep(kHoldUs);
}

// The C library's own, found at the first call.
#define NEXT(result, name, ...)       \
  static result (*next)(__VA_ARGS__); \
  if (next == NULL) next = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

int fdatasync(int descriptor) {
  NEXT(int, fdatasync, int);
  if (!is_chosen(descriptor)) return next(descriptor);
  take_time();
  return must_fail("fdatasync") ? -1 : next(descriptor);
}

int fsync(int descriptor) {
  NEXT(int, fsync, int);
  return fails("fsync", descriptor) ? -1 : next(descriptor);
}

ssize_t pread(int descriptor, void* bytes, size_t size, off_t offset) {
  NEXT(ssize_t, pread, int, void*, size_t, off_t);
  return fails("pread", descriptor) ? -1 : next(descriptor, bytes, size, offset);
}

ssize_t pread64(int descriptor, void* bytes, size_t size, off_t offset) {
  return pread(descriptor, bytes, size, offset);
}

ssize_t pwrite(int descriptor, const void* bytes, size_t size, off_t offset) {
  NEXT(ssize_t, pwrite, int, const void*, size_t, off_t);
  return fails("pwrite", descriptor) ? -1 : next(descriptor, bytes, size, offset);
}

ssize_t pwrite64(int descriptor, const void* bytes, size_t size, off_t offset) {
  return pwrite(descriptor, bytes, size, offset);
}

int ftruncate64(int descriptor, off_t size) {
  NEXT(int, ftruncate64, int, off_t);
  return fails("ftruncate", descriptor) ? -1 : next(descriptor, size);
}

int rename(const char* from, const char* to) {
  NEXT(int, rename, const char*, const char*);
  return is_chosen_path(from) && must_fail("rename") ? -1 : next(from, to);
}

int unlink(const char* path) {
  NEXT(int, unlink, const char*);
  return is_chosen_path(path) && must_fail("unlink") ? -1 : next(path);
}

// Only of files that are to be made.
int open(const char* path, int flags, ...) {
  NEXT(int, open, const char*, int, ...);
  if ((flags & O_CREAT) == 0) return next(path, flags);
  va_list more;
  va_start(more, flags);
  const mode_t mode = va_arg(more, mode_t);
  va_end(more);
  return is_chosen_path(path) && must_fail("open") ? -1 : next(path, flags, mode);
}

int open64(const char* path, int flags, ...) __attribute__((alias("open")));
