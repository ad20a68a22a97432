// storm ROOT create|churn DIRECTORIES FILES BYTES: changes a tree as fast as one process can. The directories
// d000, d001, ... in ROOT are made if missing. `create` makes FILES files of BYTES bytes in all, spread over
// the directories; `churn` makes, renames and removes each. At the end a file named `done` is made in ROOT.
// With FILES 0 only the directories are made, without `done`. Prints the wall seconds.
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char content[65536];

static void MakeFile(const char* path, size_t bytes) {
  int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) err(1, "open %s", path);
  if (bytes > 0 && write(fd, content, bytes) != (ssize_t)bytes) err(1, "write %s", path);
  close(fd);
}

int main(int argc, char** argv) {
  if (argc != 6) errx(2, "usage: storm ROOT create|churn DIRECTORIES FILES BYTES");
  int churn = strcmp(argv[2], "churn") == 0;
  long directories = atol(argv[3]), files = atol(argv[4]);
  size_t bytes = (size_t)atol(argv[5]);
  if (bytes > sizeof content) errx(2, "at most %zu bytes", sizeof content);
  memset(content, 'x', sizeof content);
  if (chdir(argv[1]) != 0) err(1, "chdir %s", argv[1]);
  char path[64], other[64];
  for (long i = 0; i < directories; i++) {
    snprintf(path, sizeof path, "d%03ld", i);
    if (mkdir(path, 0755) != 0 && errno != EEXIST) err(1, "mkdir %s", path);
  }
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  for (long i = 0; i < files; i++) {
    long directory = i * directories / files;
    snprintf(path, sizeof path, "d%03ld/%s%07ld", directory, churn ? "t" : "f", i);
    MakeFile(path, bytes);
    if (!churn) continue;
    snprintf(other, sizeof other, "d%03ld/r%07ld", directory, i);
    if (rename(path, other) != 0) err(1, "rename %s", path);
    if (unlink(other) != 0) err(1, "unlink %s", other);
  }
  if (files > 0) MakeFile("done", 0);
  clock_gettime(CLOCK_MONOTONIC, &end);
  printf("{\"wallSeconds\":%.6f}\n",
         (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9);
  return 0;
}
