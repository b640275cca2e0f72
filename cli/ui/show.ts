// Three ways to show a run: an Ink screen in a terminal, plain lines elsewhere, one JSON object an event with --json.
import { createElement } from 'react'
import { render } from 'ink'
import type { RunEvent } from '../../runtime/events.ts'
import { App } from './app.tsx'
import { describe, fold, initial } from './state.ts'

export interface Screen {
  show(event: RunEvent): void
  close(): void
}

export interface Terminal {
  readonly stdout: NodeJS.WriteStream
  readonly json: boolean
  /** A person looks at it: a terminal, and no continuous integration. */
  readonly live: boolean
}

export function screenFor(terminal: Terminal): Screen {
  const { stdout } = terminal
  if (terminal.json) return lines(stdout, (event) => JSON.stringify(event))
  if (!terminal.live) return lines(stdout, plain)
  return inkScreen(stdout)
}

/** Log lines leave out what only a screen can use. */
function plain(event: RunEvent): string | undefined {
  return event.kind === 'unmask' || event.kind === 'checkpoint' || event.kind === 'progress' ? undefined : describe(event)
}

function lines(stdout: NodeJS.WriteStream, write: (event: RunEvent) => string | undefined): Screen {
  return {
    show: (event) => {
      const line = write(event)
      if (line !== undefined) stdout.write(line + '\n')
    },
    close: () => undefined,
  }
}

function inkScreen(stdout: NodeJS.WriteStream): Screen {
  let state = initial
  const draw = (): ReturnType<typeof createElement> => createElement(App, { state, columns: stdout.columns })
  const screen = render(draw(), { stdout, exitOnCtrlC: false, patchConsole: false })
  return {
    show: (event) => {
      state = fold(state, event)
      screen.rerender(draw())
    },
    close: () => screen.unmount(),
  }
}
