// A backend without a compiler: a tiny model in plain TypeScript that keeps the contract of compiler/plan/jobs.ts. A token's logits
// are a bias and one row for each neighbour: enough to learn from, and deterministic to the last bit.
import { Failure } from '../../runtime/events.ts'
import type { Backend, Data, Executable, Tensors } from '../../runtime/backend.ts'
import type { Dim, Dtype } from '../../compiler/graph/graph.ts'
import type { WeightSpec } from '../../compiler/plan/jobs.ts'
import type { OnnxPlan, OnnxProgram, TensorSpec } from '../../compiler/plan/plan.ts'
import { uniform } from '../../compiler/graph/philox.ts'

export const vocab = 256
export const mask = 256
const symbols = vocab + 1

const dim = (name: string, size: number, live = false): Dim => (live ? { name, size, live } : { name, size })

export const weights: readonly WeightSpec[] = [
  { name: 'left', dims: [dim('symbols', symbols), dim('vocab', vocab)], init: { kind: 'normal', std: 0.1 } },
  { name: 'right', dims: [dim('symbols', symbols), dim('vocab', vocab)], init: { kind: 'normal', std: 0.1 } },
  { name: 'bias', dims: [dim('vocab', vocab)], init: { kind: 'constant', value: 0 } },
]

const tensor = (name: string, dtype: Dtype, ...dims: readonly Dim[]): TensorSpec => ({ name, type: { dtype, dims } })

/** A plan with the programs of every kind of job; `whole`: one program `step` instead of accumulate and apply. */
export function fakePlan(batch: number, time: number, whole: boolean, sampler = { guidance: false, pooled: false }): OnnxPlan {
  const [b, t, row] = [dim('batch', batch), dim('time', time), dim('row', batch * time, true)]
  const slot = dim('slot', time, true)
  const text = [tensor('tokens', 'i32', b, t), tensor('row', 'i32', row), tensor('target', 'i32', row)]
  const loss = [...text, tensor('weight', 'f32', row)]
  const update = ['rate', 'correction1', 'correction2'].map((n) => tensor(n, 'f32'))
  const draw = [tensor('step', 'i32'), tensor('seed', 'i32'), tensor('sample', 'i32', b), tensor('temperature', 'f32')]
  const guided = sampler.guidance ? [tensor('prompt', 'i32', b), tensor('guidance', 'f32')] : []
  const count = sampler.pooled ? tensor('count', 'i32') : tensor('count', 'i32', b)
  const program = (name: string, inputs: readonly TensorSpec[], results: readonly TensorSpec[], live: readonly Dim[]): OnnxProgram => {
    return { name, inputs, results, live, states: [], model: new Uint8Array(), updates: [] }
  }
  const [ofLoss, ofNorm] = [tensor('loss', 'f32'), tensor('norm', 'f32')]
  const training = whole
    ? [program('step', [...loss, ...update], [ofLoss, ofNorm], [row])]
    : [program('accumulate', loss, [ofLoss], [row]), program('apply', update, [ofNorm], [])]
  const kinds = ['weight', 'm', 'v', ...(whole ? [] : ['grad'])]
  return {
    target: 'cpu',
    threads: 1,
    states: [...kinds.flatMap((k) => weights.map((w) => tensor(`${k}/${w.name}`, 'f32', ...w.dims))), tensor('tokens', 'i32', b, t)],
    memory: { states: 0, activations: 0, largest: { name: '', bytes: 0 } },
    programs: [
      ...training,
      program('nll', text, [tensor('nll', 'f32', row)], [row]),
      program('guided_nll', [...text, tensor('clear', 'i32', row), tensor('guidance', 'f32')], [tensor('nll', 'f32', row)], [row]),
      program('confidence', [count, ...draw, ...guided], [], [slot]),
      program('ancestral', [tensor('row', 'i32', row), ...draw, ...guided], [], [row]),
    ],
  }
}

export interface FakeOptions {
  /** Called before each run; may throw, or wait. */
  readonly before?: (program: string, runs: number) => void | Promise<void>
}

/** The backend, and what it was asked to run. */
export class FakeBackend implements Backend {
  readonly kind = 'cpu'
  readonly device = 'fake'
  readonly ran: { readonly program: string; readonly inputs: Tensors; readonly extents: Readonly<Record<string, number>> }[] = []
  loads = 0
  readonly #options: FakeOptions

  constructor(options: FakeOptions = {}) {
    this.#options = options
  }

  async load(plan: OnnxPlan): Promise<Executable> {
    this.loads++
    return new FakeExecutable(plan, this.#options, this.ran)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve()
  }
}

export const deviceLost = (): Failure => new Failure({ code: 'device-lost', message: 'the device is gone', advice: [] })

class FakeExecutable implements Executable {
  readonly memory = 1
  readonly #plan: OnnxPlan
  readonly #options: FakeOptions
  readonly #ran: FakeBackend['ran']
  readonly #states: Map<string, Data>
  /** Calls take effect in the order they are made. */
  #queue: Promise<unknown> = Promise.resolve()
  /** What a run that nobody waits for has met. */
  #failed: { readonly error: unknown } | undefined

  constructor(plan: OnnxPlan, options: FakeOptions, ran: FakeBackend['ran']) {
    this.#plan = plan
    this.#options = options
    this.#ran = ran
    const size = (t: TensorSpec): number => t.type.dims.reduce((n, d) => n * d.size, 1)
    this.#states = new Map(plan.states.map((s) => [s.name, s.type.dtype === 'f32' ? new Float32Array(size(s)) : new Int32Array(size(s))]))
  }

  write(state: string, data: Data): Promise<void> {
    const copy = data.slice()
    return this.#enqueue(() => this.#state(state).set(copy))
  }

  read(state: string): Promise<Data> {
    return this.#enqueue(() => this.#state(state).slice())
  }

  run(name: string, inputs: Tensors, extents: Readonly<Record<string, number>> = {}): Promise<Tensors> {
    const spec = this.#plan.programs.find((p) => p.name === name)
    if (spec === undefined) throw new Error(`no program ${name}`)
    checkInputs(spec, inputs, extents)
    this.#ran.push({ program: name, inputs, extents })
    const runs = this.#ran.length
    const results = this.#enqueue(async () => {
      await this.#options.before?.(name, runs)
      return this.#compute(name, inputs as Readonly<Record<string, Float32Array | Int32Array>>)
    })
    if (spec.results.length > 0) return results
    results.catch((error: unknown) => (this.#failed ??= { error }))
    return Promise.resolve({})
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue.catch(() => undefined)
  }

  #enqueue<T>(work: () => T | Promise<T>): Promise<T> {
    const result = this.#queue.then(() => {
      if (this.#failed) throw this.#failed.error
      return work()
    })
    this.#queue = result.catch(() => undefined)
    return result
  }

  #state(name: string): Data {
    const data = this.#states.get(name)
    if (data === undefined) throw new Error(`no state ${name}`)
    return data
  }

  #compute(name: string, i: Readonly<Record<string, Float32Array | Int32Array>>): Tensors {
    switch (name) {
      case 'accumulate':
        return { loss: Float32Array.of(this.#gradients(i, (k) => this.#state(`grad/${k}`))) }
      case 'apply': {
        const norm = this.#adam(i, (k) => this.#state(`grad/${k}`))
        for (const w of weights) this.#state(`grad/${w.name}`).fill(0)
        return { norm: Float32Array.of(norm) }
      }
      case 'step': {
        const grads = new Map(weights.map((w) => [w.name, new Float32Array(this.#state(`weight/${w.name}`).length)]))
        const loss = this.#gradients(i, (k) => grads.get(k)!)
        return { loss: Float32Array.of(loss), norm: Float32Array.of(this.#adam(i, (k) => grads.get(k)!)) }
      }
      case 'nll':
        return { nll: Float32Array.from(i['row']!, (r, n) => crossEntropy(this.#logits(i['tokens']!, r), i['target']![n]!)) }
      case 'guided_nll':
        return { nll: Float32Array.from(i['row']!, (r, n) => crossEntropy(this.#guided(i, r, i['clear']![n]!), i['target']![n]!)) }
      case 'confidence':
        return this.#confidence(i)
      case 'ancestral':
        return this.#ancestral(i)
      default:
        throw new Error(name)
    }
  }

  get #time(): number {
    return this.#plan.states.find((s) => s.name === 'tokens')!.type.dims[1]!.size
  }

  #neighbours(tokens: ArrayLike<number>, row: number): readonly [number, number] {
    const at = row % this.#time
    return [at === 0 ? mask : tokens[row - 1]!, at === this.#time - 1 ? mask : tokens[row + 1]!]
  }

  #logits(tokens: ArrayLike<number>, row: number): Float64Array {
    const [l, r] = this.#neighbours(tokens, row)
    const [left, right, bias] = weights.map((w) => this.#state(`weight/${w.name}`))
    return Float64Array.from({ length: vocab }, (_, v) => left![l * vocab + v]! + right![r * vocab + v]! + bias![v]!)
  }

  #guided(i: Readonly<Record<string, ArrayLike<number>>>, row: number, clear: number): Float64Array {
    const [seen, hidden] = [this.#logits(i['tokens']!, row), this.#logits(i['tokens']!, clear)]
    return seen.map((x, v) => hidden[v]! + (1 + i['guidance']![0]!) * (x - hidden[v]!))
  }

  #gradients(i: Readonly<Record<string, ArrayLike<number>>>, grad: (name: string) => Data): number {
    let loss = 0
    const [left, right, bias] = weights.map((w) => grad(w.name))
    for (let n = 0; n < i['row']!.length; n++) {
      const row = i['row']![n]!
      const logits = this.#logits(i['tokens']!, row)
      const target = i['target']![n]!
      const weight = i['weight']![n]!
      const nll = crossEntropy(logits, target)
      loss += weight * nll
      const [l, r] = this.#neighbours(i['tokens']!, row)
      for (let v = 0; v < vocab; v++) {
        const g = weight * (Math.exp(-crossEntropy(logits, v, nll + logits[target]!)) - (v === target ? 1 : 0))
        left![l * vocab + v]! += g
        right![r * vocab + v]! += g
        bias![v]! += g
      }
    }
    return loss
  }

  #adam(i: Readonly<Record<string, ArrayLike<number>>>, grad: (name: string) => Data): number {
    const [rate, c1, c2] = ['rate', 'correction1', 'correction2'].map((k) => i[k]![0]!)
    let squares = 0
    for (const { name } of weights) {
      const [w, m, v, g] = [this.#state(`weight/${name}`), this.#state(`m/${name}`), this.#state(`v/${name}`), grad(name)]
      for (let k = 0; k < w.length; k++) {
        squares += g[k]! ** 2
        m[k] = 0.9 * m[k]! + 0.1 * g[k]!
        v[k] = 0.95 * v[k]! + 0.05 * g[k]! ** 2
        w[k] = w[k]! - (rate! * (m[k]! / c1!)) / (Math.sqrt(v[k]! / c2!) + 1e-8)
      }
    }
    return Math.sqrt(squares)
  }

  #choose(i: Readonly<Record<string, ArrayLike<number>>>, tokens: ArrayLike<number>, row: number): { token: number; confidence: number } {
    const logits = this.#logits(tokens, row)
    const [b, at] = [Math.floor(row / this.#time), row % this.#time]
    let best = 0
    let most = -Infinity
    for (let v = 0; v < vocab; v++) {
      const u = uniform(i['seed']![0]!, 99, i['step']![0]!, i['sample']![b]!, at, v)
      const noisy = logits[v]! - i['temperature']![0]! * Math.log(-Math.log(u))
      if (noisy > most) [best, most] = [v, noisy]
    }
    return { token: best, confidence: Math.exp(-crossEntropy(logits, best)) }
  }

  #confidence(i: Readonly<Record<string, ArrayLike<number>>>): Tensors {
    const tokens = this.#state('tokens')
    const before = tokens.slice()
    const batch = tokens.length / this.#time
    for (let b = 0; b < batch; b++) {
      const rows = Array.from({ length: this.#time }, (_, t) => b * this.#time + t).filter((r) => before[r] === mask)
      const guesses = rows.map((r) => ({ r, ...this.#choose(i, before, r) })).sort((x, y) => y.confidence - x.confidence)
      for (const { r, token } of guesses.slice(0, i['count']![b])) tokens[r] = token
    }
    return {}
  }

  #ancestral(i: Readonly<Record<string, ArrayLike<number>>>): Tensors {
    const tokens = this.#state('tokens')
    const before = tokens.slice()
    for (const r of Array.from(i['row']!)) tokens[r] = this.#choose(i, before, r).token
    return {}
  }
}

/** -log softmax(logits)[target]; `total`: the log of the sum, if known. */
function crossEntropy(logits: Float64Array, target: number, total?: number): number {
  return (total ?? Math.log(logits.reduce((sum, x) => sum + Math.exp(x), 0))) - logits[target]!
}

/** The contract: every input is there, no other, and each has its dims' length with extents in place of live bounds. */
function checkInputs(spec: OnnxProgram, inputs: Tensors, extents: Readonly<Record<string, number>>): void {
  const names = spec.inputs.map((t) => t.name).sort()
  if (names.join() !== Object.keys(inputs).sort().join()) throw new Error(`${spec.name} was given ${Object.keys(inputs).join()}`)
  if (spec.live.map((d) => d.name).join() !== Object.keys(extents).join())
    throw new Error(`${spec.name} was given extents ${Object.keys(extents).join()}`)
  for (const { name, type } of spec.inputs) {
    const size = type.dims.reduce((n, d) => n * (d.live === true ? extents[d.name]! : d.size), 1)
    if (inputs[name]!.length !== size) throw new Error(`${name} of ${spec.name} has ${inputs[name]!.length} elements, not ${size}`)
  }
  for (const d of spec.live)
    if (!(extents[d.name]! >= 1 && extents[d.name]! <= d.size)) throw new Error(`extent ${d.name} = ${extents[d.name]}`)
  const row = inputs['row']
  if (row?.some((r, n) => n > 0 && r <= row[n - 1]!) === true) throw new Error('rows do not ascend')
}
