// read_events ROOT: the simplest reader of change events. Watches ROOT and the directories in it, prints
// {"ready":true}, then reads one event a read(2) and counts, until a file named `done` is closed in ROOT.
// Prints events, files closed, overflows and the CPU seconds since ready.
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
  kMask =
      IN_CREATE | IN_DELETE | IN_MOVE | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF
};
// A header and 16 bytes of name: no second event fits, and a longer one (EINVAL) gets the large buffer.
enum { kOneEvent = sizeof(struct inotify_event) + 16 };

static double CpuSeconds(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char** argv) {
  if (argc != 2) errx(2, "usage: read_events ROOT");
  int fd = inotify_init1(IN_CLOEXEC);
  int root = inotify_add_watch(fd, argv[1], kMask);
  if (fd < 0 || root < 0) err(1, "inotify %s", argv[1]);
  DIR* directory = opendir(argv[1]);
  if (directory == NULL) err(1, "opendir %s", argv[1]);
  for (struct dirent* entry; (entry = readdir(directory)) != NULL;) {
    if (entry->d_type != DT_DIR || entry->d_name[0] == '.') continue;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
    if (inotify_add_watch(fd, path, kMask) < 0) err(1, "inotify_add_watch %s", path);
  }
  closedir(directory);
  puts("{\"ready\":true}");
  fflush(stdout);

  double start = CpuSeconds();
  long events = 0, closed = 0, overflows = 0;
  _Alignas(struct inotify_event) char buffer[sizeof(struct inotify_event) + NAME_MAX + 1];
  struct inotify_event* event = (struct inotify_event*)buffer;
  for (;;) {
    ssize_t got = read(fd, buffer, kOneEvent);
    if (got < 0 && errno == EINVAL) got = read(fd, buffer, sizeof buffer);
    if (got < 0) err(1, "read");
    events++;
    if (event->mask & IN_Q_OVERFLOW) overflows++;
    if (!(event->mask & IN_CLOSE_WRITE)) continue;
    if (event->wd == root && strcmp(event->name, "done") == 0) break;
    closed++;
  }
  printf("{\"result\":true,\"events\":%ld,\"names\":%ld,\"overflows\":%ld,\"cpuSeconds\":%.6f}\n", events, closed, overflows,
         CpuSeconds() - start);
  return 0;
}
