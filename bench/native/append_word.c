// append_word FILE WORD: adds WORD and a line break to FILE in one write. The cheapest program that leaves a trace.
#include <err.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc != 3) errx(2, "usage: append_word FILE WORD");
  size_t length = strlen(argv[2]);
  argv[2][length] = '\n';
  int fd = open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) err(1, "open %s", argv[1]);
  if (write(fd, argv[2], length + 1) != (ssize_t)(length + 1)) err(1, "write %s", argv[1]);
  return 0;
}
