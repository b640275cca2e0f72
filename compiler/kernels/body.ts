// Graph nodes → a kernel's body. Follows inputs back to what is stored or given and turns every view on the way into
// the index of a load. Afterwards each scalar is a load, a coordinate or a node without dims.
import { isView, type Dim, type Graph, type Node, type NodeId, type Type, type View } from '../graph/graph.ts'
import { Indices } from './indices.ts'
import type { Body, Index, Load, Scalar, ScalarId, TensorId } from './kernel.ts'

/** Coordinates of a node: one index per dim of its type, in order. */
type At = readonly Index[]

export class BodyBuilder {
  readonly scalars: Scalar[] = []
  readonly indices = new Indices()
  private readonly known = new Map<string, ScalarId>()
  private readonly done = new Map<string, ScalarId>()
  private readonly graph: Graph
  private readonly tensorOf: (node: NodeId) => TensorId | undefined
  private readonly inside: ReadonlySet<NodeId>

  /**
   * `tensorOf`: where a node is stored, if it is. `inside`: nodes this kernel computes; they are not loaded, and only
   * readable at the loop's own position (see `misread`).
   */
  constructor(graph: Graph, tensorOf: (node: NodeId) => TensorId | undefined, inside: ReadonlySet<NodeId>) {
    this.graph = graph
    this.tensorOf = tensorOf
    this.inside = inside
  }

  /** True once a node inside was wanted at another position than the loop's own: then it must not be inside. */
  misread = false

  get body(): Body {
    return this.scalars
  }

  /** The loop's own position, for tensors whose dims are among the loop's. */
  here(type: Type): At {
    return type.dims.map((d) => this.indices.dim(d.name))
  }

  /** The scalar of a node at the loop's own position. */
  value(id: NodeId): ScalarId {
    return this.at(id, this.here(this.graph.nodes[id]!.type))
  }

  /** A load of a tensor of this type at the loop's own position, or at `index`. */
  load(tensor: TensorId, type: Type, index: At = this.here(type)): ScalarId {
    const load: Load = { op: 'load', tensor, index, dtype: type.dtype }
    return this.push(`load ${tensor} ${this.keyOf(index)}`, load)
  }

  /** Says what a node inside is, where the kernel finds it otherwise than from its inputs. */
  know(id: NodeId, scalar: ScalarId): void {
    this.done.set(`${id} ${this.keyOf(this.here(this.graph.nodes[id]!.type))}`, scalar)
  }

  /** Appends a node over scalars of this body. */
  scalar(node: Node, inputs: readonly ScalarId[]): ScalarId {
    const key = `${node.op} ${inputs.join()} ${node.type.dtype} ${keyOfAttributes(node)}`
    return this.push(key, { ...node, inputs, type: { dtype: node.type.dtype, dims: [] } })
  }

  private at(id: NodeId, at: At): ScalarId {
    const key = `${id} ${this.keyOf(at)}`
    const done = this.done.get(key)
    if (done !== undefined) return done
    const made = this.compute(id, at)
    this.done.set(key, made)
    return made
  }

  private compute(id: NodeId, at: At): ScalarId {
    const node = this.graph.nodes[id]!
    const computed = this.inside.has(id)
    if (computed && at.some((index, i) => index.kind !== 'dim' || index.name !== node.type.dims[i]!.name)) this.misread = true
    const tensor = computed ? undefined : this.tensorOf(id)
    if (tensor !== undefined) return this.load(tensor, node.type, at)
    const byName = new Map(node.type.dims.map((d, i) => [d.name, at[i]!]))
    if (node.op === 'position') return this.push(`position ${this.keyOf(at)}`, { op: 'coordinate', index: at[0]! })
    if (isView(node)) return this.input(node.inputs[0]!, byName, this.moved(node, byName))
    if (node.op === 'gather') {
      const { dim } = node.attrs
      const index = this.indices.value(this.input(node.inputs[1]!, byName))
      return this.input(node.inputs[0]!, byName, (name) => (name === dim ? index : undefined))
    }
    // Elementwise nodes; and reductions, contract and scatter, whose inputs run over the kernel's loop dims of the same name.
    return this.scalar(
      node,
      node.inputs.map((input) => this.input(input, byName)),
    )
  }

  /** An input at the same coordinates, but for those that `instead` gives. */
  private input(id: NodeId, byName: ReadonlyMap<string, Index>, instead?: (name: string) => Index | undefined): ScalarId {
    const { dims } = this.graph.nodes[id]!.type
    return this.at(
      id,
      dims.map((d) => instead?.(d.name) ?? byName.get(d.name) ?? this.indices.dim(d.name)),
    )
  }

  /** Where a view reads its input, dim by dim; undefined: where it is itself read. */
  private moved(node: View, byName: ReadonlyMap<string, Index>): (name: string) => Index | undefined {
    switch (node.op) {
      case 'rename': {
        const { from, to } = node.attrs
        return (name) => (name === from ? byName.get(to) : undefined)
      }
      case 'merge': {
        const { dims, into } = node.attrs
        const sizes = dims.map((name) => dimIn(this.graph.nodes[node.inputs[0]!]!.type, name))
        const parts = this.indices.parts(byName.get(into)!, sizes)
        return (name) => parts[dims.indexOf(name)]
      }
      case 'split': {
        const { dim, into } = node.attrs
        const joined = this.indices.join(
          into.map((d) => byName.get(d.name)!),
          into,
        )
        return (name) => (name === dim ? joined : undefined)
      }
      case 'broadcast':
        return () => undefined
      case 'rotate': {
        const { dim, by } = node.attrs
        const turned = this.indices.rotate(byName.get(dim)!, by, dimIn(node.type, dim))
        return (name) => (name === dim ? turned : undefined)
      }
    }
  }

  private push(key: string, scalar: Scalar): ScalarId {
    const known = this.known.get(key)
    if (known !== undefined) return known
    this.scalars.push(scalar)
    this.known.set(key, this.scalars.length - 1)
    return this.scalars.length - 1
  }

  private keyOf(at: At): string {
    return at.map((index) => this.indices.id(index)).join()
  }
}

function dimIn(type: Type, name: string): Dim {
  return type.dims.find((d) => d.name === name)!
}

function keyOfAttributes({ op, attrs }: Node): string {
  if (op === 'constant') return Object.is(attrs.value, -0) ? '-0' : `${attrs.value}`
  if (op === 'native') return `${attrs.params.join()} ${attrs.code}`
  return attrs !== undefined && 'over' in attrs ? attrs.over.join() : ''
}
