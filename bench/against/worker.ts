// Our side as a process of its own: says in a line of JSON that it is ready, then for each line of standard input, a number, runs so many
// units and says what they took. bench/torch speaks the same way.
import { createInterface } from 'node:readline'
import type { Case } from './case.ts'
import { ours } from './ours.ts'

export interface Task {
  readonly case: Case
  /** As for `smdmc run --device`. */
  readonly device: string
}

export async function work(task: Task): Promise<void> {
  await using side = await ours(task.case, task.device)
  say(side.facts)
  for await (const line of createInterface({ input: process.stdin })) say(await side.round(Number(line)))
}

function say(line: object): void {
  process.stdout.write(JSON.stringify(line) + '\n')
}
