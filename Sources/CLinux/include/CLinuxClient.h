#pragma once

#include <stddef.h>

// What a client process needs and Swift cannot import: variadic functions, macros, and C layouts.
// Functions return -1 with errno set, as the function behind them does.

/// socket(2), a non-blocking stream closed on exec: SOCK_* are an enum and macros at once.
int clinux_client_socket(int family);

/// connect(2) to a Unix socket: sun_path is a fixed array. ENAMETOOLONG when the path is too long.
int clinux_client_connect_unix(int socket, const char *path, size_t length);

/// setsockopt(2) TCP_NODELAY: requests are written in whole batches already.
int clinux_client_no_delay(int socket);

/// open(2) for reading, closed on exec: variadic.
int clinux_client_open(const char *path);
// A new, empty file to write.
int clinux_client_create(const char *path);
int clinux_client_append(const char *path);

/// ioctl(2) TIOCGWINSZ: variadic, and a macro. The columns of a terminal; 0 when it is none.
int clinux_client_columns(int file);

/// sigaction(2) of SIGINT and SIGTERM to a handler that only takes note: handlers must be C.
void clinux_client_catch_interrupts(void);

/// How many interrupts were noted.
int clinux_client_interrupts(void);
