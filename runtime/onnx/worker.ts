// The worker thread: owns ONNX Runtime, whose runs block their thread, and every session and state. Answers requests in order.
import { totalmem } from 'node:os'
import { parentPort, type MessagePort } from 'node:worker_threads'
import type { Data, Tensors } from '../backend.ts'
import { Failure } from '../events.ts'
import { LoadedPlan } from './loaded.ts'
import { locate, type OnnxRuntime } from './locate.ts'
import { outOfMemory } from './messages.ts'
import type { Reply, Request } from './protocol.ts'

class Server {
  readonly #port: MessagePort
  readonly #plans = new Map<number, LoadedPlan>()
  #ort: OnnxRuntime | undefined

  constructor(port: MessagePort) {
    this.#port = port
  }

  /** Carries a request out and answers it. */
  async answer(request: Request): Promise<void> {
    try {
      const value = await this.#carryOut(request)
      this.#reply({ kind: 'done', value }, buffersOf(value))
    } catch (error) {
      this.#reply(replyTo(error))
    }
    if (request.kind === 'close') this.#port.close()
  }

  async #carryOut(request: Request): Promise<Data | Tensors | undefined> {
    switch (request.kind) {
      case 'open':
        this.#ort = await locate((text) => this.#reply({ kind: 'note', text }))
        return undefined
      case 'load': {
        const { states, activations } = request.content.memory
        if (states + activations > totalmem()) throw outOfMemory(states + activations)
        if (this.#ort === undefined) throw new Error('load before open')
        this.#plans.set(request.plan, await LoadedPlan.load(this.#ort, request.content, request.threads))
        return undefined
      }
      case 'write':
        return this.#plan(request.plan).write(request.state, request.data), undefined // prettier-ignore
      case 'read':
        return this.#plan(request.plan).read(request.state)
      case 'run':
        return this.#plan(request.plan).run(request.program, request.inputs, request.extents)
      case 'unload':
        await this.#plan(request.plan).release()
        this.#plans.delete(request.plan)
        return undefined
      case 'close':
        for (const plan of this.#plans.values()) await plan.release()
        this.#plans.clear()
        return undefined
      default:
        return request satisfies never
    }
  }

  #plan(id: number): LoadedPlan {
    const plan = this.#plans.get(id)
    if (plan === undefined) throw new Error(`plan ${id} is not loaded`)
    return plan
  }

  #reply(reply: Reply, transfer: readonly ArrayBuffer[] = []): void {
    this.#port.postMessage(reply, transfer)
  }
}

function buffersOf(value: Data | Tensors | undefined): readonly ArrayBuffer[] {
  if (value === undefined) return []
  const list: readonly Data[] = ArrayBuffer.isView(value) ? [value] : Object.values(value)
  return list.map((data) => data.buffer as ArrayBuffer)
}

function replyTo(error: unknown): Reply {
  const known = isOutOfMemory(error) ? outOfMemory() : error
  if (known instanceof Failure) return { kind: 'failure', facts: { code: known.code, message: known.message, advice: known.advice } }
  return error instanceof Error ? { kind: 'error', message: error.message, stack: error.stack } : { kind: 'error', message: String(error) }
}

/** JavaScript's and ONNX Runtime's words for it. */
function isOutOfMemory(error: unknown): boolean {
  return (
    error instanceof Error &&
    /bad_alloc|[Ff]ailed to allocate memory|Array buffer allocation failed|Invalid typed array length/.test(error.message)
  )
}

if (parentPort) {
  const server = new Server(parentPort)
  let last = Promise.resolve()
  parentPort.on('message', (request: Request) => {
    last = last.then(() => server.answer(request))
  })
}
