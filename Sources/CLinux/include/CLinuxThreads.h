#pragma once

// How the scheduler treats the calling thread: sched_setattr(2), which glibc does not have. Wishes:
// −1 with errno set where the kernel knows them not, and nothing changes.

/// Short turns: the thread runs soon after it wakes, for 0.1 ms before others that are ready have
/// theirs, instead of late and for long. Its share of the processor stays what it is. From Linux
/// 6.12 on; before, the kernel takes no notice.
int clinux_take_short_turns(void);

/// SCHED_BATCH, and turns of the usual length: the thread does not interrupt others when it wakes.
int clinux_give_way(void);
