// Which part of a graph feeds nothing but a gather, and treats the gathered rows independently of each other:
// the part that passes/narrow.ts computes for the gathered rows only.
import { find, names } from '../graph/dims.ts'
import type { Dim, Graph, Node, NodeId, OpName } from '../graph/graph.ts'
import { elements, has } from '../graph/graph.ts'
import type { NodeOf } from '../graph/ops/op.ts'
import { opOf } from '../graph/ops/table.ts'

/** Dims whose row-major merge the index counts: `token`, or `batch, time` before they were merged to it. */
export type Rows = readonly Dim[]

/** A node to be computed for rows only: what tells rows apart in it, and in its inputs. */
export interface Inside {
  readonly rows: Rows
  readonly before: Rows
}

export interface Region {
  readonly index: NodeId
  readonly unique: boolean
  /** Gathers whose operand is inside: it takes their place. */
  readonly roots: ReadonlySet<NodeId>
  readonly inside: ReadonlyMap<NodeId, Inside>
}

const MOVES: ReadonlySet<OpName> = new Set(['rename', 'merge', 'split', 'broadcast'])

/** The first region that saves any work. */
export function findRegion(graph: Graph): Region | undefined {
  const users = usersOf(graph)
  const tried = new Set<string>()
  for (const node of graph.nodes) {
    if (node.op !== 'gather') continue
    const key = `${node.inputs[1]} ${node.attrs.dim}`
    const region = tried.has(key) ? undefined : regionOf(graph, node, users)
    tried.add(key)
    if (region && [...region.inside.keys()].some((id) => !MOVES.has(graph.nodes[id]!.op))) return region
  }
  return undefined
}

type Gather = Extract<Node, { readonly op: 'gather' }>

/** Users of each node; -1 stands for an output. */
function usersOf(graph: Graph): readonly (readonly NodeId[])[] {
  const users: NodeId[][] = graph.nodes.map(() => [])
  graph.nodes.forEach((node, id) => node.inputs.forEach((input) => users[input]!.push(id)))
  for (const { node } of graph.outputs) users[node]!.push(-1)
  return users
}

function regionOf(graph: Graph, gather: Gather, users: readonly (readonly NodeId[])[]): Region {
  const index = gather.inputs[1]!
  const roots = new Set<NodeId>()
  const wanted = new Map<NodeId, Rows>()
  graph.nodes.forEach((node, id) => {
    if (node.op !== 'gather' || node.inputs[1] !== index || node.attrs.dim !== gather.attrs.dim || !narrows(graph, node)) return
    roots.add(id)
    wanted.set(node.inputs[0]!, [find(graph.nodes[node.inputs[0]!]!.type.dims, node.attrs.dim)])
  })
  const inside = new Map<NodeId, Inside>()
  const clashing = new Set<NodeId>()
  // Users have higher ids, so they are judged first.
  for (let id = graph.nodes.length - 1; id >= 0; id--) {
    const rows = wanted.get(id)
    const alone = users[id]!.every((u) => inside.has(u) || (roots.has(u) && graph.nodes[u]!.inputs[1] !== id))
    const before = rows && alone && !clashing.has(id) ? rowsBefore(graph, graph.nodes[id]!, rows, graph.nodes[index]!.type.dims) : undefined
    if (!rows || !before) continue
    inside.set(id, { rows, before })
    for (const input of graph.nodes[id]!.inputs) {
      const other = wanted.get(input)
      if (other && names(other).join() !== names(before).join()) clashing.add(input)
      if (before.some((d) => has(graph.nodes[input]!.type, d.name))) wanted.set(input, before)
    }
  }
  return { index, unique: gather.attrs.unique, roots, inside }
}

/** A gather by an index with dims of its own, that does not make more of its operand: a live dim mostly has less than its bound. */
function narrows(graph: Graph, gather: Gather): boolean {
  const [x, index] = gather.inputs.map((id) => graph.nodes[id]!.type)
  const own = index!.dims.filter((d) => !has(x!, d.name))
  const [taken, given] = [elements(gather.type), elements(x!)]
  const fromLive = find(x!.dims, gather.attrs.dim).live && !own.some((d) => d.live)
  return own.length > 0 && (taken < given || (taken === given && !fromLive))
}

/** What a rule may ask: the graph, the dims that tell rows apart in the node, and those of the index. */
class Scope {
  readonly graph: Graph
  readonly rows: Rows
  readonly #index: readonly Dim[]
  constructor(graph: Graph, rows: Rows, index: readonly Dim[]) {
    this.graph = graph
    this.rows = rows
    this.#index = index
  }

  /** Whether dims are none of the index's, which keep their names throughout. */
  loose(dims: readonly string[]): boolean {
    return !dims.some((name) => this.#index.some((d) => d.name === name))
  }

  /** The rows as they are, if an op that mixes along `dims` does not mix them. */
  apart(dims: readonly string[]): Rows | undefined {
    return this.loose(dims) && !dims.some((name) => this.rows.some((d) => d.name === name)) ? this.rows : undefined
  }

  isRowwise(body: Graph): boolean {
    return rowwise(body, this.rows, this.#index)
  }
}

type Rule<K extends OpName> = (node: NodeOf<K>, scope: Scope) => Rows | undefined

/** Which dims tell rows apart in the node's inputs, if the node computes each row from that row alone. */
const rules: { readonly [K in OpName]?: Rule<K> } = {
  rename: ({ attrs: { from, to } }, scope) =>
    scope.loose([from, to]) ? scope.rows.map((d) => (d.name === to ? { ...d, name: from } : d)) : undefined,
  broadcast: (_node, { rows }) => rows,
  native: (_node, { rows }) => rows,
  rotate: ({ attrs }, scope) => scope.apart([attrs.dim]),
  gather: ({ attrs }, scope) => scope.apart([attrs.dim]),
  split: ({ attrs }, scope) => scope.apart([attrs.dim, ...names(attrs.into)]),
  reduce_sum: ({ attrs }, scope) => scope.apart(attrs.over),
  reduce_max: ({ attrs }, scope) => scope.apart(attrs.over),
  reduce_min: ({ attrs }, scope) => scope.apart(attrs.over),
  argmax: ({ attrs }, scope) => scope.apart(attrs.over),
  contract: ({ attrs, inputs }, scope) =>
    inputs.every((id) => allOrNone(scope.graph.nodes[id]!, scope.rows)) ? scope.apart(attrs.over) : undefined,
  merge: ({ attrs: { dims, into }, inputs }, scope) => {
    const merged = dims.map((name) => find(scope.graph.nodes[inputs[0]!]!.type.dims, name))
    return scope.loose(dims) && !merged.some((d) => d.live) ? scope.rows.flatMap((d) => (d.name === into ? merged : [d])) : undefined
  },
  call: ({ attrs }, scope) => ([attrs.body, ...(attrs.grads ?? [])].every((g) => !g || scope.isRowwise(g)) ? scope.rows : undefined),
}

/** Elementwise ops have no rule: they are made for this. */
function ruleOf<K extends OpName>(op: K): Rule<K> | undefined {
  return rules[op] ?? (opOf(op).scalar ? (_node, { rows }) => rows : undefined)
}

function rowsBefore(graph: Graph, node: Node, rows: Rows, index: readonly Dim[]): Rows | undefined {
  if (!rows.every((d) => has(node.type, d.name))) return undefined
  return ruleOf(node.op)?.(node, new Scope(graph, rows, index))
}

/** An operand with only some of the dims would be multiplied by taking its rows. */
function allOrNone(node: Node, rows: Rows): boolean {
  const some = rows.filter((d) => has(node.type, d.name)).length
  return some === 0 || some === rows.length
}

/** Whether a body computes each row from that row alone, under the same dims throughout. */
function rowwise(body: Graph, rows: Rows, index: readonly Dim[]): boolean {
  const touched = (node: Node) => rows.some((d) => has(node.type, d.name))
  return body.nodes.every((node) => {
    if (node.op === 'input') return allOrNone(node, rows)
    if (!touched(node)) return !node.inputs.some((id) => touched(body.nodes[id]!))
    const before = node.inputs.length > 0 && rowsBefore(body, node, rows, index)
    return before && names(before).join() === names(rows).join()
  })
}
