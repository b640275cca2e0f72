// Events → frames of Ink in a terminal, not more of them than can be read.
import { createElement, type ReactElement } from 'react'
import { render } from 'ink'
import { App } from './app.tsx'
import type { Screen } from './lines.ts'
import { fold, initial } from './state.ts'

/** Milliseconds between two frames: the device needs the processor, too. */
const FRAME = 100

export function inkScreen(stdout: NodeJS.WriteStream): Screen {
  let state = initial
  let drawn = -Infinity
  let timer: NodeJS.Timeout | undefined
  const app = (): ReactElement => createElement(App, { state, columns: stdout.columns, rows: stdout.rows })
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
