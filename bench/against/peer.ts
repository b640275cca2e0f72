// One of the two programs that are compared, as a process: loaded once, then asked for rounds, line by line.
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { Failure } from '../../runtime/events.ts'
import type { Facts, Round } from './case.ts'

/** How a program is started. */
export interface Side {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** Instead of ours. */
  readonly env?: NodeJS.ProcessEnv
}

export class Peer implements AsyncDisposable {
  readonly facts: Facts
  readonly #process: ChildProcess
  readonly #lines: Lines

  private constructor(child: ChildProcess, lines: Lines, facts: Facts) {
    this.#process = child
    this.#lines = lines
    this.facts = facts
  }

  /** Resolves when the program is ready. Fails with a Failure that holds the last it said, if it ends before. */
  static async start({ name, command, args, env }: Side): Promise<Peer> {
    const child = spawn(command, args, { env: env ?? process.env, stdio: ['pipe', 'pipe', 'pipe'] })
    const lines = new Lines(child, name)
    return new Peer(child, lines, (await lines.next()) as Facts)
  }

  async round(units: number): Promise<Round> {
    this.#process.stdin!.write(`${units}\n`)
    return (await this.#lines.next()) as Round
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.stdin!.end()
    await this.#lines.closed
  }
}

/** Lines of JSON of a process, as they are asked for. */
class Lines {
  readonly #name: string
  readonly #iterator: AsyncIterator<string>
  readonly closed: Promise<void>
  #said = ''

  constructor(child: ChildProcess, name: string) {
    this.#name = name
    this.#iterator = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#said = (this.#said + text).slice(-4000)))
    child.stdin!.on('error', () => undefined)
    this.closed = new Promise((resolve) => {
      child.on('error', ({ message }) => {
        this.#said += message
        resolve()
      })
      child.on('close', () => resolve())
    })
  }

  async next(): Promise<unknown> {
    const line = await this.#iterator.next()
    if (line.done !== true) return JSON.parse(line.value)
    await this.closed
    throw new Failure({ code: 'bench-ended', message: `${this.#name} ended: ${this.#reason()}`, advice: ['run it alone to see more'] })
  }

  /** The line that says what was wrong, wherever it stands; else the last one. */
  #reason(): string {
    const lines = this.#said.trim().split('\n')
    return lines.find((line) => /^([\w.]*Error\b|error\[|bug\b)/.test(line)) ?? lines.at(-1) ?? ''
  }
}
