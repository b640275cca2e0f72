// Which values get memory. Everything that is not stored is computed again where it is used, inside other kernels:
// cheap values and views are; results of reductions, of matrix products and of long arithmetic with several users are not.
import type { DeviceFacts } from '../facts.ts'
import { elements, isView, type Graph, type Node, type NodeId } from '../graph/graph.ts'
import { flopsOf, isHeavy } from './cost.ts'
import { bindingsOf, windowsOnceCut } from './window.ts'

export interface Storage {
  /** Nodes that are not inputs and have memory or at least a kernel of their own to live in. */
  readonly stored: ReadonlySet<NodeId>
  /** For each stored node, what its computation reads: stored nodes, inputs, tables. */
  readonly sources: ReadonlyMap<NodeId, ReadonlySet<NodeId>>
  /** For each node that is read so, the stored nodes that read it. */
  readonly readers: ReadonlyMap<NodeId, ReadonlySet<NodeId>>
}

/** What it takes to compute a node where it is used. */
interface Inline {
  readonly flops: number
  readonly sources: ReadonlySet<NodeId>
}

/** More operations than this are not worth repeating in a second kernel. */
const repeatable = 16
/** Arithmetic in front of a matrix product is repeated for every tile. */
const prologue = { loads: 1, flops: 1 }
/** Spread over so many more elements, arithmetic of more than `spread.flops` is stored first. */
const spread = { factor: 8, flops: 3 }

/** Decides for every node that the outputs need. Output nodes are always stored; no node reads more than the device can bind. */
export function chooseStored(graph: Graph, facts: DeviceFacts): Storage {
  const chooser = new Chooser(graph, facts)
  return chooser.run()
}

class Chooser {
  private readonly graph: Graph
  private readonly facts: DeviceFacts
  private readonly stored = new Set<NodeId>()
  private readonly inline = new Map<NodeId, Inline>()
  private readonly users: readonly (readonly NodeId[])[]

  constructor(graph: Graph, facts: DeviceFacts) {
    this.graph = graph
    this.facts = facts
    this.users = usersOf(graph)
  }

  run(): Storage {
    const { nodes, outputs } = this.graph
    for (const { kind, node } of outputs) this.stored.add(kind === 'result' ? memoryOf(this.graph, node) : node)
    for (const node of nodes)
      if (node.op.startsWith('attention')) for (const input of node.inputs) this.stored.add(memoryOf(this.graph, input))
    nodes.forEach((node, id) => {
      if (this.users[id]!.length > 0 || this.stored.has(id)) this.visit(id, node)
    })
    return this.finish()
  }

  private visit(id: NodeId, node: Node): void {
    if (isGiven(node)) this.stored.delete(id)
    else if (isHeavy(node)) {
      if (node.op === 'contract') for (const input of node.inputs) this.beforeProduct(input)
      if (node.op === 'scatter' && !this.cheap(node.inputs[1]!, { loads: 2, flops: 2 })) this.store(node.inputs[1]!)
      this.narrow(node)
      this.stored.add(id)
    } else {
      this.narrow(node)
      const flops = node.inputs.reduce((sum, input) => sum + this.cost(input).flops, flopsOf(node))
      this.inline.set(id, { flops, sources: this.union(node.inputs) })
      if (!isView(node) && node.op !== 'constant' && node.op !== 'position' && (this.narrows(node) || this.deserves(id)))
        this.stored.add(id)
    }
  }

  /** Whether it is all that is ever made of a product: then it takes that one's place in memory, at no cost. */
  private replacesProduct(id: NodeId): boolean {
    const node = this.graph.nodes[id]!
    return node.inputs.some((input) => {
      const { op, type } = this.graph.nodes[input]!
      if (this.users[input]!.length > 1 || elements(type) < elements(node.type)) return false
      return op === 'contract' || (!this.stored.has(input) && !isGiven(this.graph.nodes[input]!) && this.replacesProduct(input))
    })
  }

  /** A cast to f16 stands where passes/half.ts wants a tensor of half the bytes. */
  private narrows(node: Node): boolean {
    return node.op === 'cast' && node.type.dtype === 'f16' && this.graph.nodes[node.inputs[0]!]!.type.dtype === 'f32'
  }

  /** A value with several users, or spread over many elements, that costs more than reading it back. */
  private deserves(id: NodeId): boolean {
    const users = usersBehindViews(this.graph, this.users, id)
    const n = users.length
    if (n > 1 && this.replacesProduct(id)) return true
    // Repeated: every user loads all it takes. Stored: all is loaded once, then one tensor written once and read by each; at a tie the
    // user whose kernel makes it decides, since that one need not read it.
    if (n > 1 && (this.inline.get(id)!.flops > repeatable || this.loads(id) * n >= this.loads(id) + 1 + n)) return true
    const { flops, sources } = this.inline.get(id)!
    if (flops <= spread.flops || [...sources].every((s) => this.graph.nodes[s]!.op === 'input' && elements(this.graph.nodes[s].type) === 1))
      return false
    const size = elements(this.graph.nodes[id]!.type)
    return users.some((user) => !isHeavy(this.graph.nodes[user]!) && elements(this.graph.nodes[user]!.type) >= spread.factor * size)
  }

  private beforeProduct(input: NodeId): void {
    if (!this.cheap(input, prologue)) this.store(input)
  }

  private cheap(id: NodeId, limit: { readonly loads: number; readonly flops: number }): boolean {
    return this.cost(id).flops <= limit.flops && this.loads(id) <= limit.loads
  }

  /** Tensors that are read, those that are small beside the value not counted. */
  private loads(id: NodeId): number {
    const size = elements(this.graph.nodes[id]!.type)
    return [...this.cost(id).sources].filter((s) => elements(this.graph.nodes[s]!.type) * 4 >= size).length
  }

  private cost(id: NodeId): Inline {
    if (this.stored.has(id) || isGiven(this.graph.nodes[id]!)) return { flops: 0, sources: new Set([id]) }
    return this.inline.get(id)!
  }

  private union(inputs: readonly NodeId[]): ReadonlySet<NodeId> {
    return new Set(inputs.flatMap((input) => [...this.cost(input).sources]))
  }

  /** Stores inputs until what all together read, the result and one more can be bound. */
  private narrow({ inputs, type }: Node): void {
    const most = this.facts.limits.maxStorageBuffersPerShaderStage - windowsOnceCut(type, this.facts) - 1
    const width = (sources: ReadonlySet<NodeId>): number => bindingsOf(sources, this.graph.nodes, this.facts, windowsOnceCut)
    while (width(this.union(inputs)) > most) {
      const several = inputs.filter((input) => this.cost(input).sources.size > 1)
      if (several.length === 0) return
      this.store(several.reduce((a, b) => (width(this.cost(b).sources) > width(this.cost(a).sources) ? b : a)))
    }
  }

  /** Stores the value itself, not a view of it. */
  private store(id: NodeId): void {
    const node = this.graph.nodes[id]!
    if (this.stored.has(id) || isGiven(node)) return
    if (isView(node)) {
      this.store(node.inputs[0]!)
      this.inline.set(id, this.cost(node.inputs[0]!))
    } else this.stored.add(id)
  }

  /** Users may have been visited before a value was stored, so what is read is told only at the end. */
  private finish(): Storage {
    const sources = new Map<NodeId, ReadonlySet<NodeId>>()
    const readers = new Map<NodeId, Set<NodeId>>()
    const behind = new Map<NodeId, ReadonlySet<NodeId>>()
    const read = (id: NodeId): ReadonlySet<NodeId> => {
      if (this.stored.has(id) || isGiven(this.graph.nodes[id]!)) return new Set([id])
      const known = behind.get(id) ?? new Set(this.graph.nodes[id]!.inputs.flatMap((input) => [...read(input)]))
      behind.set(id, known)
      return known
    }
    for (const id of [...this.stored].sort((a, b) => a - b)) {
      const of = new Set(this.graph.nodes[id]!.inputs.flatMap((input) => [...read(input)]))
      sources.set(id, of)
      for (const source of of) readers.set(source, (readers.get(source) ?? new Set()).add(id))
    }
    return { stored: this.stored, sources, readers }
  }
}

export function isGiven(node: Node): boolean {
  return node.op === 'input' || node.op === 'table'
}

/** The node whose memory, read row-major, is also this node's: behind renames, merges and splits. */
export function memoryOf(graph: Graph, id: NodeId): NodeId {
  const node = graph.nodes[id]!
  return node.op === 'rename' || node.op === 'merge' || node.op === 'split' ? memoryOf(graph, node.inputs[0]!) : id
}

/** Per node, the nodes that an output needs and that read it. */
function usersOf(graph: Graph): readonly (readonly NodeId[])[] {
  const needed = new Set(graph.outputs.map((o) => o.node))
  const users: NodeId[][] = graph.nodes.map(() => [])
  for (let id = graph.nodes.length - 1; id >= 0; id--) {
    if (!needed.has(id)) continue
    for (const input of new Set(graph.nodes[id]!.inputs)) {
      needed.add(input)
      users[input]!.push(id)
    }
  }
  return users
}

function usersBehindViews(graph: Graph, users: readonly (readonly NodeId[])[], id: NodeId): readonly NodeId[] {
  return users[id]!.flatMap((user) => (isView(graph.nodes[user]!) ? usersBehindViews(graph, users, user) : [user]))
}
