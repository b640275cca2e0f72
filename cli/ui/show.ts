// Three ways to show a run: an Ink screen in a terminal, plain lines elsewhere, one JSON object an event with --json.
import { jsonLine, lineScreen, plainLine, type Screen } from './lines.ts'

export interface Terminal {
  readonly stdout: NodeJS.WriteStream
  readonly json: boolean
  /** A person looks at it: a terminal, and no continuous integration. */
  readonly live: boolean
}

export async function screenFor({ stdout, json, live }: Terminal): Promise<Screen> {
  if (json) return lineScreen(stdout, jsonLine)
  if (!live) return lineScreen(stdout, plainLine)
  // React's development build measures every frame and keeps the measurements. Ink takes long to load, so only who needs it waits.
  process.env['NODE_ENV'] ??= 'production'
  return (await import('./screen.ts')).inkScreen(stdout)
}
