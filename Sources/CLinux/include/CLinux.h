#pragma once

// Thin one-line shims for what Swift cannot import from Glibc: macros, variadic functions and
// functions behind _GNU_SOURCE. Each shim names the import limitation it works around.

#include "CLinuxClient.h"
#include "CLinuxFiles.h"
#include "CLinuxSockets.h"
#include "CLinuxThreads.h"
