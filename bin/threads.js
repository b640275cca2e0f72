// The threads that Node begins with, which optimise code and collect garbage, give way to the one that works. On two cores they
// would take a third of the time of a short command from it.
import { readdirSync } from 'node:fs'
import { constants, setPriority } from 'node:os'

if (process.platform === 'linux') {
  try {
    for (const thread of readdirSync('/proc/self/task')) {
      if (Number(thread) !== process.pid) setPriority(Number(thread), constants.priority.PRIORITY_BELOW_NORMAL)
    }
  } catch {
    // A sandbox may forbid it, and nothing depends on it.
  }
}
