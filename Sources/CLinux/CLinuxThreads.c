#define _GNU_SOURCE
#include "CLinuxThreads.h"

#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

// The first version of the kernel's struct sched_attr.
struct scheduling {
  uint32_t size;
  uint32_t policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime;
  uint64_t deadline;
  uint64_t period;
};

static int schedule(uint32_t policy, uint64_t runtime_ns) {
  errno = 0;
  int nice = getpriority(PRIO_PROCESS, 0);
  if (nice == -1 && errno != 0) return -1;
  struct scheduling wish = {sizeof wish, policy, 0, nice, 0, runtime_ns, 0, 0};
  return (int)syscall(SYS_sched_setattr, 0, &wish, 0);
}

int clinux_take_short_turns(void) {
  // Whoever chose another policy for this process knows better.
  if (sched_getscheduler(0) != SCHED_OTHER) return 0;
  return schedule(SCHED_OTHER, 100000);
}

int clinux_give_way(void) {
  if (sched_getscheduler(0) != SCHED_OTHER) return 0;
  return schedule(SCHED_BATCH, 0);
}
