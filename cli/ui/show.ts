// Three ways to show a run: an Ink screen in a terminal, plain lines elsewhere, one JSON object an event with --json.
import { createElement } from 'react'
import { render } from 'ink'
import type { RunEvent } from '../../runtime/events.ts'
import { App } from './app.tsx'
import { duration } from './numbers.ts'
import { fold, initial, pace, type UiState } from './state.ts'
import { describe } from './words.ts'

export interface Screen {
  show(event: RunEvent): void
  /** The last frame stays. */
  close(): void
}

export interface Terminal {
  readonly stdout: NodeJS.WriteStream
  readonly json: boolean
  /** A person looks at it: a terminal, and no continuous integration. */
  readonly live: boolean
}

/** Milliseconds between two frames: reading needs no more, and the device needs the processor. */
const FRAME = 100

export function screenFor({ stdout, json, live }: Terminal): Screen {
  if (json) return lineScreen(stdout, (event) => JSON.stringify(event))
  return live ? inkScreen(stdout) : lineScreen(stdout, plainLine)
}

function lineScreen(stdout: NodeJS.WriteStream, line: (event: RunEvent, state: UiState) => string | undefined): Screen {
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

/** Log lines leave out what only a screen can use, and what has been said of a cached stage. */
function plainLine(event: RunEvent, { stages, progress }: UiState): string | undefined {
  if (event.kind === 'unmask' || event.kind === 'checkpoint' || event.kind === 'progress') return undefined
  if (event.kind === 'done' && stages.some((s) => s.stage === event.stage && s.state === 'cached')) return undefined
  const speed = event.kind === 'step' && progress !== undefined ? pace(progress) : undefined
  return describe(event) + (speed === undefined ? '' : `  ${duration(speed.left)} left`)
}

function inkScreen(stdout: NodeJS.WriteStream): Screen {
  let state = initial
  let drawn = -Infinity
  let timer: NodeJS.Timeout | undefined
  const app = (): ReturnType<typeof createElement> => createElement(App, { state, columns: stdout.columns, rows: stdout.rows })
  const screen = render(app(), { stdout, exitOnCtrlC: false, patchConsole: false, maxFps: 0 })
  const draw = (): void => {
    clearTimeout(timer)
    timer = undefined
    drawn = performance.now()
    screen.rerender(app())
  }
  return {
    show: (event) => {
      state = fold(state, event)
      const wait = drawn + FRAME - performance.now()
      // What is announced may keep this thread busy for seconds, so it must be on the screen before.
      if (wait <= 0 || event.kind === 'note') draw()
      else timer ??= setTimeout(draw, wait)
    },
    close: () => {
      draw()
      screen.unmount()
    },
  }
}
