#pragma once

#include <stdint.h>
#include <sys/socket.h>

// Functions and macros behind _GNU_SOURCE or variadic, which Swift does not import. All return −1
// with errno set, as the function behind them does, unless stated.

/// accept4(2), non-blocking and closed on exec: behind _GNU_SOURCE.
int clinux_accept(int listener);

/// socket(2) with SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC: enumerators of a C enum in Swift.
int clinux_stream_socket(int family);

/// TCP_NODELAY, and keepalive after 15 s with 3 probes 15 s apart and TCP_USER_TIMEOUT 30 s, so
/// that a dead peer is found within a minute. Does nothing on a Unix socket.
void clinux_tune_stream(int socket);

/// SO_REUSEADDR, so that a restarted server gets its port back.
int clinux_reuse_address(int socket);

/// epoll_create1 with EPOLL_CLOEXEC.
int clinux_epoll_create(void);

/// EPOLL_CTL_ADD and EPOLL_CTL_MOD: macros of a header outside Swift's Glibc.
extern const int clinux_epoll_add;
extern const int clinux_epoll_modify;

/// epoll_ctl; `data` comes back with each event.
int clinux_epoll_control(int epoll, int operation, int descriptor, uint32_t events, uint64_t data);

/// An event as the shim hands it over: struct epoll_event is packed, which Swift misreads.
struct clinux_event {
  uint64_t data;
  uint32_t events;
  uint32_t unused;
};

/// epoll_wait into unpacked events.
int clinux_epoll_wait(int epoll, struct clinux_event *events, int count, int timeout_ms);

/// eventfd; `semaphore` makes a read take one.
int clinux_eventfd(int semaphore, int nonblocking);

/// A descriptor that reads as SIGTERM and SIGINT arrive; both are blocked for the process, and
/// SIGPIPE and SIGXFSZ are ignored. Call before any thread starts.
int clinux_stop_signals(void);

/// The readiness bits, macros with casts.
extern const uint32_t clinux_epoll_in;
extern const uint32_t clinux_epoll_out;
extern const uint32_t clinux_epoll_broken;

/// bind(2) and listen(2) of a Unix socket at `path`, mode 0660; replaces a stale socket file.
int clinux_listen_unix(const char *path);

/// Resident memory of the process in bytes, 0 if unknown.
uint64_t clinux_resident_bytes(void);

/// Has all threads allocate from two arenas. Called before any is started: jobs that build a state
/// or profiles and end leave free memory behind in theirs, and with one for each thread that adds
/// up to many times what is ever in use.
void clinux_share_arenas(void);

/// Sleeps for `milliseconds`; a signal may end it early.
void clinux_sleep_ms(unsigned milliseconds);
