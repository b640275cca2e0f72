// The main thread's end of the worker: requests go out in order, answers settle them in the same order. Buffers are moved, not
// copied. While an answer is due the worker keeps the process alive; an idle one does not.
import { Worker } from 'node:worker_threads'
import type { Data, Tensors } from '../backend.ts'
import { Failure } from '../events.ts'
import { workerDied } from './messages.ts'
import type { Reply, Request } from './protocol.ts'

interface Waiting {
  readonly resolve: (value: Data | Tensors | undefined) => void
  readonly reject: (error: Error) => void
}

export class WorkerLink {
  readonly #worker: Worker
  readonly #waiting: Waiting[] = []
  readonly #ended: Promise<void>
  #dead: Failure | undefined

  constructor(note: (text: string) => void) {
    // The worker registers tsx itself; a second time, by inherited flags, would be one too many.
    this.#worker = new Worker(new URL('./worker.js', import.meta.url), { execArgv: [] })
    this.#worker.unref()
    this.#worker.on('message', (reply: Reply) => (reply.kind === 'note' ? note(reply.text) : this.#settle(reply)))
    this.#worker.on('error', (error) => this.#die(error.message))
    this.#ended = new Promise((resolve) => {
      this.#worker.on('exit', (code) => {
        this.#die(`exit code ${code}`)
        resolve()
      })
    })
  }

  /** The answer to a request. `transfer`: buffers of it that the caller gives up. */
  ask(request: Request, transfer: readonly ArrayBuffer[] = []): Promise<Data | Tensors | undefined> {
    if (this.#dead) return Promise.reject(this.#dead)
    return new Promise((resolve, reject) => {
      // What cannot be sent gets no answer: whoever waited for one would take the next request's.
      this.#worker.postMessage(request, transfer)
      this.#waiting.push({ resolve, reject })
      this.#worker.ref()
    })
  }

  /** Lets the worker release everything and waits for its end. */
  async close(): Promise<void> {
    if (this.#dead) return
    await this.ask({ kind: 'close' })
    this.#worker.ref()
    await this.#ended
  }

  #settle(reply: Exclude<Reply, { kind: 'note' }>): void {
    const waiting = this.#waiting.shift()
    if (this.#waiting.length === 0) this.#worker.unref()
    if (reply.kind === 'done') waiting?.resolve(reply.value)
    else waiting?.reject(reply.kind === 'failure' ? new Failure(reply.facts) : remoteError(reply))
  }

  #die(why: string): void {
    this.#dead ??= workerDied(why)
    for (const { reject } of this.#waiting.splice(0)) reject(this.#dead)
  }
}

function remoteError({ message, stack }: { readonly message: string; readonly stack?: string }): Error {
  const error = new Error(message)
  if (stack !== undefined) error.stack = stack
  return error
}
