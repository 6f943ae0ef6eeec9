#define _GNU_SOURCE
#include "CLinuxSockets.h"

#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

const uint32_t clinux_epoll_in = EPOLLIN;
const uint32_t clinux_epoll_out = EPOLLOUT;
const uint32_t clinux_epoll_broken = EPOLLERR | EPOLLHUP;

const int clinux_epoll_add = EPOLL_CTL_ADD;
const int clinux_epoll_modify = EPOLL_CTL_MOD;

int clinux_accept(int listener) {
  return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int clinux_stream_socket(int family) {
  return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

void clinux_tune_stream(int socket) {
  int on = 1, idle = 15, interval = 15, probes = 3;
  unsigned timeout_ms = 30000;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
  setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms);
}

int clinux_reuse_address(int socket) {
  int on = 1;
  return setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
}

int clinux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int clinux_epoll_control(int epoll, int operation, int descriptor, uint32_t events, uint64_t data) {
  struct epoll_event event = {.events = events, .data.u64 = data};
  return epoll_ctl(epoll, operation, descriptor, &event);
}

int clinux_epoll_wait(int epoll, struct clinux_event *events, int count, int timeout_ms) {
  struct epoll_event raw[256];
  if (count > 256) count = 256;
  int found = epoll_wait(epoll, raw, count, timeout_ms);
  for (int i = 0; i < found; i++) {
    events[i].data = raw[i].data.u64;
    events[i].events = raw[i].events;
  }
  return found;
}

int clinux_eventfd(int semaphore, int nonblocking) {
  return eventfd(0, EFD_CLOEXEC | (semaphore ? EFD_SEMAPHORE : 0) | (nonblocking ? EFD_NONBLOCK : 0));
}

int clinux_stop_signals(void) {
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  if (sigprocmask(SIG_BLOCK, &stop, NULL) != 0) return -1;
  return signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK);
}

int clinux_listen_unix(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(address.sun_path, path);
  struct stat found;
  if (lstat(path, &found) == 0) {
    if (!S_ISSOCK(found.st_mode)) {
      errno = EEXIST;
      return -1;
    }
    unlink(path);
  }
  int listener = clinux_stream_socket(AF_UNIX);
  if (listener < 0) return -1;
  mode_t before = umask(0117);
  int bound = bind(listener, (struct sockaddr *)&address, sizeof address);
  int reason = errno;
  umask(before);
  if (bound != 0 || listen(listener, 1024) != 0) {
    if (bound == 0) reason = errno;
    close(listener);
    errno = reason;
    return -1;
  }
  return listener;
}

uint64_t clinux_resident_bytes(void) {
  FILE *file = fopen("/proc/self/statm", "re");
  if (!file) return 0;
  unsigned long long size = 0, resident = 0;
  int read = fscanf(file, "%llu %llu", &size, &resident);
  fclose(file);
  return read == 2 ? (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

void clinux_share_arenas(void) { mallopt(M_ARENA_MAX, 2); }

void clinux_sleep_ms(unsigned milliseconds) {
  struct timespec time = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};
  nanosleep(&time, NULL);
}
