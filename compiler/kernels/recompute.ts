// Less memory for more work: tensors that wait from the forward to the backward pass are dropped and computed again right before
// they are needed, until a program fits a budget. What is cheapest for the bytes it frees goes first: elementwise work (an
// activation from what its product left, a norm from its statistics), then whole kernels. Works on any program; where nothing helps
// any more it returns the best there is. Results change by rounding at most.
import { elements } from '../graph/graph.ts'
import type { Kernel, KernelGraph, Stored, TensorId } from './kernel.ts'
import { liveBytes, livesOf, writesOf, type Life } from './lifetimes.ts'
import { measure } from './measure.ts'
import { bytesOf } from './rows.ts'
import { pointwiseSlice, renamed, wholeAgain } from './slice.ts'
import { tensorsOf } from './write.ts'

/** Work in seconds, for comparing choices: a large GPU's rates, whose ratio is much the same for all. */
const rates = { flops: 1e14, bytes: 2e12 } as const

/** `budget`: bytes for all that is not a state or a table. */
export function recompute(graph: KernelGraph, budget: number): KernelGraph {
  let current = graph
  // Each turn adds a kernel; three of each would be more than all of the forward pass again.
  while (current.kernels.length < 3 * graph.kernels.length) {
    const next = smaller(current, budget)
    if (next === undefined) break
    current = next
  }
  return current
}

/** One tensor less at the fullest moment, or undefined where the budget is kept or nothing can be done. */
function smaller(graph: KernelGraph, budget: number): KernelGraph | undefined {
  const lives = livesOf(graph)
  const live = liveBytes(lives, graph.kernels.length)
  const peak = live.reduce((best, bytes, step) => (bytes > live[best]! ? step : best), 0)
  if (live[peak] === undefined || live[peak] <= budget) return undefined
  const site = new Site(graph, lives, peak)
  const best = lives
    .flatMap((life) => site.choices(life))
    .reduce<Choice | undefined>((a, b) => (a && a.price <= b.price ? a : b), undefined)
  return best && site.applied(best)
}

interface Choice {
  readonly tensor: TensorId
  /** Stores `tensor`, from tensors that are there. */
  readonly kernel: Kernel
  /** The step before which it runs. */
  readonly at: number
  /** Seconds for each byte freed. */
  readonly price: number
}

/** A program at its fullest moment. */
class Site {
  readonly #graph: KernelGraph
  readonly #lives: ReadonlyMap<TensorId, Life>
  readonly #peak: number
  readonly #writers: ReadonlyMap<TensorId, readonly number[]>

  constructor(graph: KernelGraph, lives: readonly Life[], peak: number) {
    this.#graph = graph
    this.#lives = new Map(lives.map((life) => [life.tensor, life]))
    this.#peak = peak
    const writers = new Map<TensorId, number[]>()
    graph.kernels.forEach((kernel, step) => writesOf(kernel).forEach((t) => writers.set(t, [...(writers.get(t) ?? []), step])))
    this.#writers = writers
  }

  /** How a tensor that only waits at the peak could be had again afterwards. */
  choices(life: Life): readonly Choice[] {
    const { tensor, uses, from, to } = life
    const { tensors, kernels } = this.#graph
    const peak = this.#peak
    const [writer, ...more] = this.#writers.get(tensor) ?? []
    const waits = this.#isOwn(tensor) && from < peak && to > peak && to < kernels.length && !uses.includes(peak)
    if (!waits || writer === undefined || more.length > 0) return []
    const at = uses.find((use) => use > peak)!
    const kernel = kernels[writer]!
    const slice =
      kernel.kind === 'attention'
        ? undefined
        : pointwiseSlice(kernel, tensor, tensors[tensor]!.type.dims, tensors, (t) => this.#reaches(t, at))
    const whole = wholeAgain(kernel, tensor, (t) => t)
    return [slice, whole].flatMap((again) => (again ? this.#priced(life, again, writer, at) : []))
  }

  /** The program with the choice carried out. */
  applied({ tensor, kernel, at }: Choice): KernelGraph {
    const { tensors, kernels } = this.#graph
    const all: Stored[] = [...tensors]
    const twin = (t: TensorId): TensorId => all.push({ ...tensors[t]!, source: { kind: 'kernel' } }) - 1
    const copy = twin(tensor)
    const spare = kernel.kind === 'attention' ? wholeAgain(kernel, tensor, twin) : kernel
    const toCopy = (t: TensorId): TensorId => (t === tensor ? copy : t)
    const again = renamed(spare, toCopy)
    return { ...this.#graph, tensors: all, kernels: [...kernels.slice(0, at), again, ...kernels.slice(at).map((k) => renamed(k, toCopy))] }
  }

  #priced({ tensor, bytes }: Life, again: Kernel, writer: number, at: number): readonly Choice[] {
    const written = new Set(writesOf(again))
    const read = tensorsOf(again).filter((t) => !written.has(t))
    // A state must still be what it was; what has been forgotten by then would have to be kept for longer.
    if (read.some((t) => (this.#writers.get(t) ?? []).some((step) => step > writer && step < at))) return []
    const own = read.filter((t) => this.#isOwn(t)).map((t) => this.#lives.get(t)!)
    if (own.some(({ from }) => from >= at)) return []
    const freed = own.filter(({ to }) => to < this.#peak).reduce((left, life) => left - life.bytes, bytes)
    return freed > 0 ? [{ tensor, kernel: again, at, price: this.#seconds(again) / freed }] : []
  }

  /** Whether a tensor is there at a step anyway. */
  #reaches(tensor: TensorId, step: number): boolean {
    const life = this.#lives.get(tensor)
    return life !== undefined && life.from < step && life.to >= step
  }

  #isOwn(tensor: TensorId): boolean {
    return this.#graph.tensors[tensor]!.source.kind === 'kernel'
  }

  #seconds(kernel: Kernel): number {
    const { flops, bytes } = kernel.kind === 'attention' ? this.#attention(kernel) : measure([kernel], this.#graph)
    return flops / rates.flops + bytes / rates.bytes
  }

  /** Two products over queries and keys; only attention's forward pass leaves what waits. */
  #attention({ request: { q, k, attrs }, reads, writes }: Extract<Kernel, { kind: 'attention' }>) {
    const keys = k.dims.find((d) => d.name === attrs.key)!.size
    const types = [...reads, ...writes].map((t) => this.#graph.tensors[t]!.type)
    return { flops: 4 * elements(q) * keys, bytes: types.reduce((sum, type) => sum + bytesOf(type), 0) }
  }
}
