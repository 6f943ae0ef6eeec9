#define _GNU_SOURCE
#include "CLinuxFiles.h"

#include <fcntl.h>
#include <unistd.h>

const int clinux_open_reading = O_RDONLY | O_CLOEXEC | O_NOFOLLOW;
const int clinux_open_writing = O_RDWR | O_CLOEXEC | O_NOFOLLOW;
const int clinux_open_creating = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;

int clinux_openat(int directory, const char *name, int flags, unsigned mode) {
  return openat(directory, name, flags, (mode_t)mode);
}

int clinux_open_directory(const char *path) {
  return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

int clinux_lock_exclusively(int file) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  return fcntl(file, F_OFD_SETLK, &lock);
}
