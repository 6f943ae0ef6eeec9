#define _GNU_SOURCE
#include "CLinuxClient.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

int clinux_client_socket(int family) {
  return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

int clinux_client_connect_unix(int socket, const char *path, size_t length) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (length >= sizeof(address.sun_path)) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy(address.sun_path, path, length);
  return connect(socket, (const struct sockaddr *)&address, sizeof(address));
}

int clinux_client_no_delay(int socket) {
  int on = 1;
  return setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

int clinux_client_open(const char *path) { return open(path, O_RDONLY | O_CLOEXEC); }

int clinux_client_create(const char *path) {
  return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
}

int clinux_client_append(const char *path) {
  return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
}

int clinux_client_columns(int file) {
  struct winsize size;
  return ioctl(file, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static volatile sig_atomic_t interrupts;

static void note(int signal) {
  (void)signal;
  interrupts++;
}

void clinux_client_catch_interrupts(void) {
  // Without SA_RESTART, so that a wait ends at once.
  struct sigaction action = {.sa_handler = note};
  sigaction(SIGINT, &action, 0);
  sigaction(SIGTERM, &action, 0);
}

int clinux_client_interrupts(void) { return interrupts; }
