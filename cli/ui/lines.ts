// Events → one line each on standard output: words for a log, or JSON for programs.
import type { RunEvent } from '../../runtime/events.ts'
import { duration } from './numbers.ts'
import { fold, initial, pace, type UiState } from './state.ts'
import { describe } from './words.ts'

/** Shows a run as it goes. */
export interface Screen {
  show(event: RunEvent): void
  /** What is on the screen last stays. */
  close(): void
}

/** Writes what `line` makes of each event and of all until then; nothing where it makes nothing. */
export function lineScreen(stdout: NodeJS.WritableStream, line: (event: RunEvent, state: UiState) => string | undefined): Screen {
  let state = initial
  return {
    show: (event) => {
      state = { ...fold(state, event), lines: [] }
      const text = line(event, state)
      if (text !== undefined) stdout.write(text + '\n')
    },
    close: () => undefined,
  }
}

export function jsonLine(event: RunEvent): string {
  return JSON.stringify(event)
}

/** Leaves out what only a screen can use, and what has been said of a cached stage. */
export function plainLine(event: RunEvent, { stages, progress }: UiState): string | undefined {
  if (event.kind === 'unmask' || event.kind === 'checkpoint' || event.kind === 'progress') return undefined
  if (event.kind === 'done' && stages.some((s) => s.stage === event.stage && s.state === 'cached')) return undefined
  const speed = event.kind === 'step' && progress !== undefined ? pace(progress) : undefined
  return describe(event) + (speed === undefined ? '' : `  ${duration(speed.left)} left`)
}
