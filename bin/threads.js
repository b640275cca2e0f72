// The threads that V8 begins with, which optimise code and collect garbage, give way to the one that works. On two cores they
// would take a third of the time of a short command from it.
import { readdirSync } from 'node:fs'
import { constants, setPriority } from 'node:os'

/** Node makes one for what is to run later and four for what runs beside, right after the main thread and before all others. */
const ofV8 = 5

if (process.platform === 'linux') {
  try {
    const inOrder = readdirSync('/proc/self/task').map(Number)
    for (const thread of inOrder.slice(1, 1 + ofV8)) setPriority(thread, constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // A sandbox may forbid it, and nothing depends on it.
  }
}
