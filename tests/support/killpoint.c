/* Makes the n-th sync, write or send of one program fail, be short, or be the last thing it does.
 *
 *   LD_PRELOAD=killpoint.so KILLPOINT="tandemd sync 17 kill" KILLPOINT_LOG=/path tandemd …
 *
 * PROGRAM is the last part of the program's path; other programs that inherit the variables are left alone. KIND:
 *   sync   fsync, fdatasync
 *   write  write, pwrite of regular files other than standard output and error
 *   send   send, sendmsg, and write on a socket
 * ACTION: kill (before it), killafter, EIO, ENOSPC, short (half of it, which is said), garble (sends other bytes).
 * Before it acts it appends a line to KILLPOINT_LOG. Each happens once in the life of a process. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { kNone, kSync, kWrite, kSend };
enum action { kGoOn, kKill, kKillAfter, kEio, kEnospc, kShort, kGarble };

static enum kind wanted_kind = kNone;
static enum action wanted_action = kGoOn;
static long wanted_count = 0;
static atomic_long count;
static char words[256];

__attribute__((constructor)) static void begin(void) {
  const char* point = getenv("KILLPOINT");
  char path[4096] = "", program[64] = "", kind[16] = "", action[16] = "";
  if (point == NULL || readlink("/proc/self/exe", path, sizeof path - 1) < 0) return;
  if (sscanf(point, "%63s %15s %ld %15s", program, kind, &wanted_count, action) != 4) return;
  const char* name = strrchr(path, '/');
  if (name == NULL || strcmp(name + 1, program) != 0) return;
  snprintf(words, sizeof words, "%s\n", point);
  const char* const actions[] = {"", "kill", "killafter", "EIO", "ENOSPC", "short", "garble"};
  for (int i = kKill; i <= kGarble; ++i)
    if (strcmp(action, actions[i]) == 0) wanted_action = (enum action)i;
  const char* const kinds[] = {"", "sync", "write", "send"};
  for (int i = kSync; i <= kSend; ++i)
    if (strcmp(kind, kinds[i]) == 0) wanted_kind = (enum kind)i;
}

static void die(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

static enum action next(enum kind kind) {
  if (kind == kNone || kind != wanted_kind || atomic_fetch_add(&count, 1) + 1 != wanted_count) return kGoOn;
  const char* log = getenv("KILLPOINT_LOG");
  const int fd = log == NULL ? -1 : open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (fd >= 0) {
    syscall(SYS_write, fd, words, strlen(words));
    close(fd);
  }
  if (wanted_action == kKill) die();
  return wanted_action;
}

static enum kind kind_of(int fd) {
  if (wanted_kind == kNone) return kNone;
  struct stat found;
  const int before = errno;
  const int failed = fstat(fd, &found);
  errno = before;
  if (failed != 0 || fd <= 2) return kNone;
  return S_ISREG(found.st_mode) ? kWrite : S_ISSOCK(found.st_mode) ? kSend : kNone;
}

static int sync_with(long call, int fd) {
  const enum action action = next(kSync);
  if (action == kEio || action == kEnospc) {
    errno = action == kEio ? EIO : ENOSPC;
    return -1;
  }
  if (action == kShort) return 0; /* a sync that lies */
  const int result = (int)syscall(call, fd);
  if (action == kKillAfter) die();
  return result;
}

int fsync(int fd) { return sync_with(SYS_fsync, fd); }
int fdatasync(int fd) { return sync_with(SYS_fdatasync, fd); }

static ssize_t write_with(int fd, const void* from, size_t size, off_t at, int positioned) {
  const enum action action = next(kind_of(fd));
  char* garbled = NULL;
  if (action == kEio || action == kEnospc) {
    errno = action == kEio ? EIO : ENOSPC;
    return -1;
  }
  if (action == kShort && size > 1) size /= 2;
  if (action == kGarble && (garbled = malloc(size)) != NULL) {
    memset(garbled, 0xa5, size);
    from = garbled;
  }
  const ssize_t result = positioned ? syscall(SYS_pwrite64, fd, from, size, at) : syscall(SYS_write, fd, from, size);
  const int error = errno;
  free(garbled);
  if (action == kKillAfter) die();
  errno = error;
  return result;
}

ssize_t write(int fd, const void* from, size_t size) { return write_with(fd, from, size, 0, 0); }
ssize_t pwrite(int fd, const void* from, size_t size, off_t at) { return write_with(fd, from, size, at, 1); }
ssize_t pwrite64(int fd, const void* from, size_t size, off_t at) { return write_with(fd, from, size, at, 1); }

ssize_t sendmsg(int fd, const struct msghdr* message, int flags) {
  const enum action action = next(kSend);
  if (action == kEio || action == kEnospc) {
    errno = action == kEio ? EIO : ENOSPC;
    return -1;
  }
  struct msghdr sent = *message;
  struct iovec first;
  char* garbled = NULL;
  if ((action == kShort || action == kGarble) && message->msg_iovlen > 0) {
    first = message->msg_iov[0];
    if (action == kShort && first.iov_len > 1) first.iov_len /= 2;
    if (action == kGarble && (garbled = malloc(first.iov_len)) != NULL) {
      memset(garbled, 0xa5, first.iov_len);
      first.iov_base = garbled;
    }
    sent.msg_iov = &first;
    sent.msg_iovlen = 1;
  }
  const ssize_t result = syscall(SYS_sendmsg, fd, &sent, flags);
  const int error = errno;
  free(garbled);
  if (action == kKillAfter) die();
  errno = error;
  return result;
}

ssize_t send(int fd, const void* from, size_t size, int flags) {
  struct iovec part = {(void*)from, size};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  return sendmsg(fd, &message, flags);
}
