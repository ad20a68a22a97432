// scan_watch ROOT THREADS: what the kernel alone costs to watch a tree. For each directory: open,
// inotify_add_watch, getdents64. No table, no names kept but those still to be visited. Prints directories,
// wall seconds and CPU seconds.
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct LinuxDirent {
  unsigned long long inode;
  long long offset;
  unsigned short length;
  unsigned char type;
  char name[];
};

enum {
  kMask = IN_CREATE | IN_DELETE | IN_MOVE | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF |
          IN_MOVE_SELF | IN_ONLYDIR
};

static int inotify_fd;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static char** stack;
static size_t stack_size, stack_capacity;
static int busy;
static long directories;

static void Push(char* path) {
  if (stack_size == stack_capacity) {
    stack_capacity = stack_capacity == 0 ? 1024 : stack_capacity * 2;
    stack = realloc(stack, stack_capacity * sizeof *stack);
    if (stack == NULL) err(1, "realloc");
  }
  stack[stack_size++] = path;
}

// Watches and lists one directory; its children are pushed in one go.
static void Visit(const char* path) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) err(1, "open %s", path);
  if (inotify_add_watch(inotify_fd, path, kMask) < 0) err(1, "inotify_add_watch %s", path);
  char buffer[65536];
  char* children[4096];
  size_t count = 0, length = strlen(path);
  for (long got; (got = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0;) {
    for (long at = 0; at < got;) {
      struct LinuxDirent* entry = (struct LinuxDirent*)(buffer + at);
      at += entry->length;
      if (entry->type != DT_DIR || strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0) continue;
      size_t name = strlen(entry->name);
      char* child = malloc(length + name + 2);
      if (child == NULL || count == sizeof children / sizeof *children)
        errx(1, "%s: too many directories", path);
      memcpy(child, path, length);
      child[length] = '/';
      memcpy(child + length + 1, entry->name, name + 1);
      children[count++] = child;
    }
  }
  close(fd);
  pthread_mutex_lock(&mutex);
  directories++;
  for (size_t i = 0; i < count; i++) Push(children[i]);
  if (count > 0) pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&mutex);
}

static void* Work(void* unused) {
  (void)unused;
  pthread_mutex_lock(&mutex);
  for (;;) {
    while (stack_size == 0 && busy > 0) pthread_cond_wait(&changed, &mutex);
    if (stack_size == 0) break;
    char* path = stack[--stack_size];
    busy++;
    pthread_mutex_unlock(&mutex);
    Visit(path);
    free(path);
    pthread_mutex_lock(&mutex);
    busy--;
    if (busy == 0) pthread_cond_broadcast(&changed);
  }
  pthread_mutex_unlock(&mutex);
  return NULL;
}

static double Seconds(struct timeval time) { return (double)time.tv_sec + (double)time.tv_usec / 1e6; }

int main(int argc, char** argv) {
  if (argc != 3) errx(2, "usage: scan_watch ROOT THREADS");
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (inotify_fd < 0) err(1, "inotify_init1");
  Push(strdup(argv[1]));
  int threads = atoi(argv[2]);
  pthread_t others[64];
  for (int i = 1; i < threads; i++) pthread_create(&others[i], NULL, Work, NULL);
  Work(NULL);
  for (int i = 1; i < threads; i++) pthread_join(others[i], NULL);
  clock_gettime(CLOCK_MONOTONIC, &end);
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  double wall = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
  printf("{\"directories\":%ld,\"wallSeconds\":%.6f,\"cpuSeconds\":%.6f}\n", directories, wall,
         Seconds(usage.ru_utime) + Seconds(usage.ru_stime));
  return 0;
}
