#pragma once

#include <stdint.h>

// Variadic functions and macros behind _GNU_SOURCE that Swift does not import. All return -1 with
// errno set, as the function behind them does.

/// openat(2) with a mode: variadic.
int clinux_openat(int directory, const char *name, int flags, unsigned mode);

/// open(2) of a directory, read only, no link followed, closed on exec: variadic, and O_DIRECTORY.
int clinux_open_directory(const char *path);

/// The flags of files: O_CLOEXEC and O_NOFOLLOW with the access asked for.
extern const int clinux_open_reading;
extern const int clinux_open_writing;
extern const int clinux_open_creating;

/// fcntl(2) F_OFD_SETLK of the whole file, exclusive: variadic, and behind _GNU_SOURCE. Such a
/// lock belongs to the open file description, so that it excludes other opens of this process too.
int clinux_lock_exclusively(int file);
