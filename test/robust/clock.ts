// Time that this thread has spent on a processor, which other work on the machine changes less than the time of day.
import { existsSync, readFileSync } from 'node:fs'

const file = '/proc/thread-self/schedstat'

/** Whether the system tells; elsewhere `busyTime` is the time of day. */
export const tellsBusyTime = existsSync(file)

/** Milliseconds since some moment. */
export function busyTime(): number {
  return tellsBusyTime ? Number(readFileSync(file, 'utf8').split(' ')[0]) / 1e6 : performance.now()
}
