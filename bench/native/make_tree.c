// make_tree ROOT DIRECTORIES FILES: makes directories below ROOT, 100 in each directory of a level, and FILES
// empty files in every one of them. ROOT must exist and be empty.
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { kFanout = 100 };

// The path of directory number `index`: parents come before children, (index - 1) / 100 is the parent.
static int PathOf(char* path, size_t size, const char* root, long index) {
  if (index == 0) return snprintf(path, size, "%s", root);
  int length = PathOf(path, size, root, (index - 1) / kFanout);
  return length + snprintf(path + length, size - (size_t)length, "/directory-%02ld", (index - 1) % kFanout);
}

int main(int argc, char** argv) {
  if (argc != 4) errx(2, "usage: make_tree ROOT DIRECTORIES FILES");
  long directories = atol(argv[2]), files = atol(argv[3]);
  char path[4096];
  for (long i = 1; i <= directories; i++) {
    int length = PathOf(path, sizeof path, argv[1], i);
    if (mkdir(path, 0755) != 0) err(1, "mkdir %s", path);
    for (long j = 0; j < files; j++) {
      snprintf(path + length, sizeof path - (size_t)length, "/file-%02ld", j);
      int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
      if (fd < 0) err(1, "open %s", path);
      close(fd);
    }
  }
  return 0;
}
