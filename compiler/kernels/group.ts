// Stored nodes → groups that share a kernel. A node joins the group of a value it reads, or of one that reads the same,
// if both loop over the same dims, it is read nowhere but at the loop's own position, no other kernel stands between
// them, and the device has enough bindings.
import type { DeviceFacts } from '../facts.ts'
import { elements, has, type Dim, type Graph, type Node, type NodeId, type OpName } from '../graph/graph.ts'
import { BodyBuilder } from './body.ts'
import { isAccumulated, isHeavy } from './cost.ts'
import { isGiven, type Storage } from './store.ts'
import { matmulParts, reductionParts } from './tile.ts'
import { bindingsOf, windowsOnceCut } from './window.ts'

/** The loop nest of a group. `rows` are the dims of results; a reduction's `over` is not empty. */
export interface Loops {
  readonly kind: 'pointwise' | 'reduction' | 'matmul' | 'scatter' | 'attention'
  readonly rows: readonly Dim[]
  readonly over: readonly Dim[]
  readonly parts: number
}

export interface Group {
  loops: Loops
  readonly members: NodeId[]
}

/** Extents below which a product does not fill a tile: it runs as a reduction. */
const smallestTile = 4

export class Grouping {
  readonly groups: Group[] = []
  readonly groupOf = new Map<NodeId, number>()
  private readonly graph: Graph
  private readonly storage: Storage
  private readonly facts: DeviceFacts
  private readonly limit: number
  private readonly needed: ReadonlySet<NodeId>
  /** States by name that an output node updates. */
  private readonly updates: ReadonlyMap<NodeId, NodeId>
  /** Groups by what they read. */
  private readonly readersOf = new Map<NodeId, number[]>()
  /** Groups that must run before a group, as bits. */
  private readonly before: Uint32Array[] = []
  private readonly words: number

  constructor(graph: Graph, storage: Storage, facts: DeviceFacts) {
    this.graph = graph
    this.storage = storage
    this.facts = facts
    this.limit = facts.limits.maxStorageBuffersPerShaderStage
    this.needed = new Set(graph.outputs.map((o) => o.node))
    this.words = Math.ceil(storage.stored.size / 32) + 1
    const states = new Map<string, NodeId>()
    graph.nodes.forEach((node, id) => node.op === 'input' && node.attrs.role === 'state' && states.set(node.attrs.name, id))
    this.updates = new Map(graph.outputs.flatMap((o) => (o.kind === 'update' && states.has(o.name) ? [[o.node, states.get(o.name)!]] : [])))
    for (const id of storage.sources.keys()) this.place(id)
  }

  /** Whether group a must run before group b. */
  precedes(a: number, b: number): boolean {
    return ((this.before[b]![a >>> 5]! >>> (a & 31)) & 1) === 1
  }

  /** Every group that must run before a group. */
  allBefore(group: number): readonly number[] {
    const all: number[] = []
    for (const [word, bits] of this.before[group]!.entries()) {
      for (let rest = bits; rest !== 0; rest &= rest - 1) all.push(word * 32 + 31 - Math.clz32(rest & -rest))
    }
    return all
  }

  /** The groups whose members these members read. */
  directlyBefore(members: readonly NodeId[]): readonly number[] {
    const own = this.groupOf.get(members[0]!)
    return members
      .flatMap((m) => [...this.storage.sources.get(m)!].flatMap((source) => this.groupOf.get(source) ?? []))
      .filter((g) => g !== own)
  }

  /** Whether another group reads one of the members. */
  awaited(members: readonly NodeId[]): boolean {
    const own = this.groupOf.get(members[0]!)
    return members.some((m) => [...(this.storage.readers.get(m) ?? [])].some((reader) => this.groupOf.get(reader) !== own))
  }

  /** From now on a must run before b. The caller has checked that b does not precede a. */
  order(a: number, b: number): void {
    const after = this.before[b]!
    after[a >>> 5]! |= 1 << (a & 31)
    this.absorb(after, this.before[a]!)
    for (const [k, other] of this.before.entries()) if (k !== b && this.precedes(b, k)) this.absorb(other, after)
  }

  /** Whether a kernel of these members may write over a state: it reads it nowhere but at the loop's own position. */
  readsAtOwnPosition(members: readonly NodeId[], state: NodeId): boolean {
    const { dims } = this.graph.nodes[state]!.type
    const builder = this.trial(members)
    for (const member of members) builder.value(member)
    return builder.body.every(
      (s) => s.op !== 'load' || s.tensor !== state || s.index.every((x, i) => x.kind === 'dim' && x.name === dims[i]!.name),
    )
  }

  /** Whether another kernel, or the host, reads a member. */
  leaves(id: NodeId): boolean {
    const own = this.groupOf.get(id)
    return this.needed.has(id) || [...(this.storage.readers.get(id) ?? [])].some((reader) => this.groupOf.get(reader) !== own)
  }

  private place(id: NodeId): void {
    const loops = this.loopsOf(id)
    const home = this.candidates(id).find((at) => this.joins(id, loops, at))
    const at = home ?? this.groups.length
    if (home === undefined) {
      this.groups.push({ loops, members: [] })
      this.before.push(new Uint32Array(this.words))
    }
    const group = this.groups[at]!
    group.members.push(id)
    group.loops = this.common(group.loops, loops)
    this.groupOf.set(id, at)
    for (const source of this.storage.sources.get(id)!) {
      const from = this.groupOf.get(source)
      if (from !== undefined && from !== at && !this.precedes(from, at)) this.order(from, at)
      const readers = this.readersOf.get(source) ?? []
      if (readers.at(-1) !== at) this.readersOf.set(source, [...readers, at])
    }
  }

  /** Groups worth joining, the best first: those of what the node reads, then those that read the same. */
  private candidates(id: NodeId): readonly number[] {
    const node = this.graph.nodes[id]!
    if (node.op === 'scatter' || (node.op === 'contract' && this.loopsOf(id).kind === 'matmul')) return []
    const sources = [...this.storage.sources.get(id)!]
    const state = this.updates.get(id)
    if (node.op.startsWith('attention')) return this.twins(sources[0]!)
    const size = elements(node.type)
    const producers = sources.flatMap((s) => this.groupOf.get(s) ?? []).sort((a, b) => b - a)
    const shared = [
      ...sources.filter((s) => elements(this.graph.nodes[s]!.type) >= size && size > 1),
      ...(state === undefined ? [] : [state]),
    ]
    const siblings = shared.flatMap((s) => (this.readersOf.get(s) ?? []).slice(-8)).sort((a, b) => b - a)
    return [...new Set([...producers, ...siblings])]
  }

  private twins(source: NodeId): readonly number[] {
    return (this.readersOf.get(source) ?? []).filter((at) => this.groups[at]!.loops.kind === 'attention')
  }

  private joins(id: NodeId, loops: Loops, at: number): boolean {
    const group = this.groups[at]!
    if (!this.fit(id, loops, group)) return false
    const between = [...this.storage.sources.get(id)!].some((source) => {
      const from = this.groupOf.get(source)
      return from !== undefined && from !== at && this.precedes(at, from)
    })
    return (
      !between && this.bindings([...group.members, id]) <= this.limit && (loops.kind === 'attention' || this.readsOwnPosition(id, group))
    )
  }

  /** Whether the loops are the same, or become so when a pointwise group turns into a reduction. */
  private fit(id: NodeId, loops: Loops, { loops: own, members }: Group): boolean {
    const node = this.graph.nodes[id]!
    switch (loops.kind) {
      case 'pointwise':
        if (own.kind === 'attention') return false
        if (own.kind === 'pointwise') return sameOrder(loops.rows, own.rows)
        if (own.kind === 'scatter' && isUnique(this.graph.nodes[members[0]!]!)) return false
        // Work of other reads would only slow these down.
        if ((own.kind !== 'reduction' || own.parts > 1) && !this.reads(id, members)) return false
        return (
          sameSet(loops.rows, own.rows) ||
          (own.kind === 'reduction' && own.parts === 1 && busy(own) && sameSet(loops.rows, [...own.rows, ...own.over]))
        )
      case 'reduction':
        if (own.kind === 'pointwise') return loops.parts === 1 && busy(loops) && sameSet(own.rows, [...loops.rows, ...loops.over])
        if (own.kind !== 'reduction' || !sameSet(loops.rows, own.rows) || !sameSet(loops.over, own.over) || loops.parts !== own.parts)
          return false
        // In parts, a reduction cannot wait for the whole of another.
        return own.parts === 1 || !this.reads(id, members)
      case 'attention':
        return own.kind === 'attention' && members.every((m) => isTwin(this.graph.nodes[m]!, node))
      case 'matmul':
      case 'scatter':
        return false
    }
  }

  private reads(id: NodeId, members: readonly NodeId[]): boolean {
    return members.some((m) => this.storage.sources.get(id)!.has(m))
  }

  private common(own: Loops, joined: Loops): Loops {
    return own.kind === 'pointwise' && joined.kind === 'reduction' ? joined : own
  }

  private readsOwnPosition(id: NodeId, group: Group): boolean {
    const builder = this.trial([...group.members, id])
    builder.value(id)
    return !builder.misread
  }

  /** A body that shows where tensors are read; for this any numbering of them will do. */
  private trial(members: readonly NodeId[]): BodyBuilder {
    const tensorOf = (id: NodeId) => (this.storage.stored.has(id) || isGiven(this.graph.nodes[id]!) ? id : undefined)
    return new BodyBuilder(this.graph, tensorOf, new Set(members))
  }

  /** Storage bindings of a kernel with these members: what it reads, and what others read of it. */
  private bindings(members: readonly NodeId[]): number {
    const inside = new Set(members)
    const tensors = new Set<NodeId>()
    for (const id of members) {
      for (const source of this.storage.sources.get(id)!) if (!inside.has(source)) tensors.add(source)
      const state = this.updates.get(id)
      if (state !== undefined) tensors.add(this.overwritable(state, members) ? state : id)
      else if (this.needed.has(id) || this.readersOutside([id], inside).length > 0) tensors.add(id)
    }
    return bindingsOf(tensors, this.graph.nodes, this.facts, windowsOnceCut)
  }

  /** Whether the old value of a state is wanted neither elsewhere in it by these members nor by what depends on them. */
  private overwritable(state: NodeId, members: readonly NodeId[]): boolean {
    const readers = this.storage.readers.get(state) ?? new Set()
    if (members.some((m) => readers.has(m)) && !this.readsAtOwnPosition(members, state)) return false
    const after = new Set(members)
    for (let next = this.readersOutside(members, after); next.length > 0; next = this.readersOutside(next, after)) {
      if (next.some((id) => readers.has(id))) return false
      for (const id of next) after.add(id)
    }
    return true
  }

  private readersOutside(nodes: readonly NodeId[], inside: ReadonlySet<NodeId>): readonly NodeId[] {
    return nodes.flatMap((id) => [...(this.storage.readers.get(id) ?? [])]).filter((reader) => !inside.has(reader))
  }

  private loopsOf(id: NodeId): Loops {
    const node = this.graph.nodes[id]!
    const rows = node.type.dims
    const inputs = node.inputs.map((input) => this.graph.nodes[input]!.type)
    if (isAccumulated(node)) {
      const names = (node.attrs as { readonly over: readonly string[] }).over
      const over = inputs[0]!.dims.filter((d) => names.includes(d.name))
      if (node.op === 'contract') {
        const product = productOf(this.graph, id)
        const [m, n, batch] = [size(product.m), size(product.n), size(product.batch)]
        const parts = matmulParts(m, n, size(over), batch, inputs[0]!.dtype, this.facts)
        if (Math.min(m, n) >= smallestTile) return { kind: 'matmul', rows, over, parts }
      }
      return { kind: 'reduction', rows, over, parts: node.op === 'argmax' ? 1 : reductionParts(size(rows), size(over)) }
    }
    if (node.op === 'scatter')
      return { kind: 'scatter', rows, over: inputs[0]!.dims.filter((d) => node.attrs.over.includes(d.name)), parts: 1 }
    return { kind: isHeavy(node) ? 'attention' : 'pointwise', rows, over: [], parts: 1 }
  }

  private absorb(into: Uint32Array, from: Uint32Array): void {
    for (let i = 0; i < into.length; i++) into[i]! |= from[i]!
  }
}

/** The dims of a contract: common ones, the first operand's own, the second's, and those that are summed. */
export function productOf(graph: Graph, id: NodeId) {
  const node = graph.nodes[id]!
  const [a, b] = node.inputs.map((input) => graph.nodes[input]!.type)
  const over = node.op === 'contract' ? node.attrs.over : []
  const kept = node.type.dims
  return {
    batch: kept.filter((d) => has(a!, d.name) && has(b!, d.name)),
    m: kept.filter((d) => has(a!, d.name) && !has(b!, d.name)),
    n: kept.filter((d) => !has(a!, d.name) && has(b!, d.name)),
    k: a!.dims.filter((d) => over.includes(d.name)),
  }
}

/** Enough rows, or little work, for pointwise work to share a reduction's one workgroup per row. */
function busy({ rows, over }: Loops): boolean {
  return size(rows) >= 256 || size(rows) * size(over) <= 8192
}

function isUnique(node: Node): boolean {
  return node.op === 'scatter' && node.attrs.unique
}

/** Attention ops that come out of one kernel, and how many inputs they have in common. */
const twins: readonly { readonly ops: readonly OpName[]; readonly shared: number }[] = [
  { ops: ['attention', 'attention_lse'], shared: 2 },
  { ops: ['attention_dk', 'attention_dv', 'attention_ds'], shared: 6 },
]

function isTwin(a: Node, b: Node): boolean {
  const shared = twins.find(({ ops }) => ops.includes(a.op) && ops.includes(b.op))?.shared
  return (
    shared !== undefined &&
    a.op !== b.op &&
    JSON.stringify(a.attrs) === JSON.stringify(b.attrs) &&
    a.inputs.slice(0, shared).join() === b.inputs.slice(0, shared).join()
  )
}

function sameOrder(a: readonly Dim[], b: readonly Dim[]): boolean {
  return a.length === b.length && a.every((d, i) => d.name === b[i]!.name && d.size === b[i]!.size)
}

function sameSet(a: readonly Dim[], b: readonly Dim[]): boolean {
  return a.length === b.length && a.every((d) => b.some((e) => e.name === d.name && e.size === d.size))
}

export function size(dims: readonly Dim[]): number {
  return dims.reduce((n, d) => n * d.size, 1)
}
