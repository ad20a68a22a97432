// System calls that Node does not offer, for test/support/system-calls.ts. Reads NUL-ended fields from stdin,
// so that a path may be any bytes: exchange A B | truncate PATH LENGTH | times PATH SECONDS NANOSECONDS
// (mtime, not through a symlink) | fifo PATH
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int exchange(const char* first, const char* second) {
#ifdef __APPLE__
  return renameatx_np(AT_FDCWD, first, AT_FDCWD, second, RENAME_SWAP);
#else
  return renameat2(AT_FDCWD, first, AT_FDCWD, second, RENAME_EXCHANGE);
#endif
}

int main(void) {
  static char buffer[3 * 4097];
  size_t length = fread(buffer, 1, sizeof buffer - 1, stdin);
  const char* field[4] = {"", "", "", ""};
  int count = 0;
  for (size_t at = 0; at < length && count < 4; at += strlen(buffer + at) + 1) field[count++] = buffer + at;

  int result = -1;
  if (strcmp(field[0], "exchange") == 0) {
    result = exchange(field[1], field[2]);
  } else if (strcmp(field[0], "truncate") == 0) {
    result = truncate(field[1], atoll(field[2]));
  } else if (strcmp(field[0], "times") == 0) {
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
                                {.tv_sec = atoll(field[2]), .tv_nsec = atoll(field[3])}};
    result = utimensat(AT_FDCWD, field[1], times, AT_SYMLINK_NOFOLLOW);
  } else if (strcmp(field[0], "fifo") == 0) {
    result = mkfifo(field[1], 0644);
  } else {
    fprintf(stderr, "unknown call");
    return 2;
  }
  if (result != 0) perror(field[0]);
  return result == 0 ? 0 : 1;
}
