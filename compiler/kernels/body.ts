// Graph nodes → a kernel's body. Follows inputs back to what is stored or given and turns every view on the way into
// the index of a load. Afterwards each scalar is a load, a coordinate or a node without dims.
import type { Dim, Graph, Node, NodeId, Type } from '../graph/graph.ts'
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
    const of = (input: NodeId, instead?: (name: string) => Index | undefined): ScalarId => {
      const dims = this.graph.nodes[input]!.type.dims
      return this.at(
        input,
        dims.map((d) => instead?.(d.name) ?? byName.get(d.name) ?? this.indices.dim(d.name)),
      )
    }
    const x = node.inputs[0]
    switch (node.op) {
      case 'position':
        return this.push(`position ${this.keyOf(at)}`, { op: 'coordinate', index: at[0]! })
      case 'rename': {
        const { from, to } = node.attrs
        return of(x!, (name) => (name === from ? byName.get(to) : undefined))
      }
      case 'merge': {
        const sizes = node.attrs.dims.map((name) => dimIn(this.graph.nodes[x!]!.type, name))
        const parts = this.indices.parts(byName.get(node.attrs.into)!, sizes)
        return of(x!, (name) => parts[node.attrs.dims.indexOf(name)])
      }
      case 'split': {
        const joined = this.indices.join(
          node.attrs.into.map((d) => byName.get(d.name)!),
          node.attrs.into,
        )
        return of(x!, (name) => (name === node.attrs.dim ? joined : undefined))
      }
      case 'broadcast':
        return of(x!)
      case 'rotate': {
        const { dim, by } = node.attrs
        const turned = this.indices.rotate(byName.get(dim)!, by, dimIn(node.type, dim))
        return of(x!, (name) => (name === dim ? turned : undefined))
      }
      case 'gather': {
        const index = this.indices.value(of(node.inputs[1]!))
        return of(x!, (name) => (name === node.attrs.dim ? index : undefined))
      }
      default:
        // Elementwise nodes; and reductions, contract and scatter, whose inputs run over the kernel's loop dims of the same name.
        return this.scalar(
          node,
          node.inputs.map((input) => of(input)),
        )
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

function keyOfAttributes(node: Node): string {
  switch (node.op) {
    case 'constant':
      return Object.is(node.attrs.value, -0) ? '-0' : `${node.attrs.value}`
    case 'native':
      return node.attrs.code
    case 'reduce_sum':
    case 'reduce_max':
    case 'reduce_min':
    case 'argmax':
    case 'contract':
    case 'scatter':
      return node.attrs.over.join()
    default:
      return ''
  }
}
