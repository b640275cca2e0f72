// A file of JSON lines that grows while a stage runs: its log, and what has been sampled or scored so far.
// A process that is killed may leave half a line at the end; reading drops it.
import { appendFile, readFile } from 'node:fs/promises'
import { isSystemError } from '../failures.ts'
import { replaceText } from './atomic.ts'

/** All whole lines; none where there is no file. */
export async function readLines(path: string): Promise<readonly unknown[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (isSystemError(error, 'ENOENT')) return ''
    throw error
  })
  const lines: unknown[] = []
  for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
    const value = parse(line)
    if (value !== undefined) lines.push(value)
  }
  return lines
}

export async function appendLine(path: string, value: unknown): Promise<void> {
  await appendFile(path, JSON.stringify(value) + '\n')
}

/** Replaces the file by these lines, whole or not at all. */
export async function replaceLines(path: string, values: readonly unknown[]): Promise<void> {
  await replaceText(path, values.map((v) => JSON.stringify(v) + '\n').join(''))
}

function parse(line: string): unknown {
  try {
    return line === '' ? undefined : (JSON.parse(line) as unknown)
  } catch {
    return undefined
  }
}
