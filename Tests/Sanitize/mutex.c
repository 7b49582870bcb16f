/* Shows the thread sanitizer Swift's `Mutex` under contention; preloaded into what it watches.
 *
 * `Mutex` (Synchronization, Linux) is taken and given back by a compare-and-exchange that is inlined into our code, which
 * the sanitizer sees. When another thread holds it, that is done by three functions inside of libswiftSynchronization.so,
 * which is not instrumented, and by the kernel, which hands it over (FUTEX_LOCK_PI): the sanitizer sees neither that the
 * one thread let go nor that the other got hold, and reports races between what both did inside of the lock. These stand
 * in front of those three and tell it. So nothing has to be suppressed. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

/* Absent in programs that are not instrumented: those run with this, too. */
__attribute__((weak)) void __tsan_acquire(void *);
__attribute__((weak)) void __tsan_release(void *);

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *mutex

SWIFT void lock_slow(uint32_t thread, SELF) __asm__(LOCK);
SWIFT bool try_lock_slow(SELF) __asm__(TRY_LOCK);
SWIFT void unlock_slow(SELF) __asm__(UNLOCK);

SWIFT void lock_slow(uint32_t thread, SELF) {
  typedef SWIFT void (*function)(uint32_t, SELF);
  ((function)dlsym(RTLD_NEXT, LOCK))(thread, mutex);
  if (__tsan_acquire) __tsan_acquire(mutex);
}

SWIFT bool try_lock_slow(SELF) {
  typedef SWIFT bool (*function)(SELF);
  bool taken = ((function)dlsym(RTLD_NEXT, TRY_LOCK))(mutex);
  if (taken && __tsan_acquire) __tsan_acquire(mutex);
  return taken;
}

SWIFT void unlock_slow(SELF) {
  typedef SWIFT void (*function)(SELF);
  if (__tsan_release) __tsan_release(mutex);
  ((function)dlsym(RTLD_NEXT, UNLOCK))(mutex);
}
