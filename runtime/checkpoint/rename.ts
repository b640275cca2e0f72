// Weights of the library's transformer ⇄ the state dict of the published SMDM models. There a matrix is [out, in] where ours is
// [in, out], and queries, keys and values are one matrix, row-interleaved by query group: the group's queries, its key, its value.
// So a weight of ours is a strided view into a published tensor; reading and writing walk that view.
import { elements } from '../../compiler/graph/graph.ts'
import type { WeightSpec } from '../../compiler/plan/jobs.ts'
import type { Data } from '../backend.ts'
import { Failure } from '../events.ts'
import type { Header } from './header.ts'
import type { SafetensorsFile, TensorToWrite } from './safetensors.ts'

/** Where a weight lies: element (i, j, …) of its dims is at offset + i * stride + j * stride … of the published tensor. */
interface View {
  readonly name: string
  readonly shape: readonly number[]
  readonly offset: number
  /** By the names of the weight's dims. */
  readonly strides: Readonly<Record<string, number>>
}

/** Whether a file has the published layout, by its names. */
export function isPublished(header: Header): boolean {
  const names = new Set(header.tensors.map((t) => t.name))
  return names.has('transformer.wte.weight') && names.has('lm_head.weight')
}

/** A reader of our weights out of a published file. Fails with a Failure when names or shapes are not the model's. */
export function readPublished(file: SafetensorsFile, weights: readonly WeightSpec[]): (w: WeightSpec) => Promise<Float32Array> {
  const views = viewsOf(weights, file.path)
  const wanted = new Map([...views.values()].map((v) => [v.name, v.shape.join(' × ')]))
  const found = new Map(file.tensors.map((t) => [t.name, t.shape.join(' × ')]))
  for (const name of new Set([...wanted.keys(), ...found.keys()])) {
    const [here, there] = [wanted.get(name), found.get(name)]
    if (here !== there) throw mismatch(file.path, `${name} is ${there ?? 'missing'} there and ${here ?? 'missing'} in the model`)
  }
  return async (w) => {
    const view = views.get(w.name)!
    const published = await file.read(view.name)
    const own = new Float32Array(elements({ dtype: 'f32', dims: w.dims }))
    walk(w, view, (i, at) => {
      own[i] = published[at]!
    })
    return own
  }
}

/** Our weights as tensors of the published layout, ready to be written; `read` gives a weight's elements. */
export function publishedTensors(weights: readonly WeightSpec[], read: (w: WeightSpec) => Promise<Data> | Data): readonly TensorToWrite[] {
  const views = viewsOf(weights, 'the file to write')
  const parts = new Map<string, WeightSpec[]>()
  for (const w of weights) {
    const { name } = views.get(w.name)!
    parts.set(name, [...(parts.get(name) ?? []), w])
  }
  return [...parts].map(([name, members]) => {
    const { shape } = views.get(members[0]!.name)!
    const data = async (): Promise<Float32Array> => {
      const published = new Float32Array(shape.reduce((n, d) => n * d, 1))
      for (const w of members) {
        const own = await read(w)
        walk(w, views.get(w.name)!, (i, at) => {
          published[at] = own[i]!
        })
      }
      return published
    }
    return { name, dtype: 'F32', shape, data }
  })
}

/** Calls `visit` with each element's place in the weight and in the published tensor. */
function walk(w: WeightSpec, view: View, visit: (own: number, published: number) => void): void {
  const { dims } = w
  const last = dims.length - 1
  let own = 0
  const along = (d: number, at: number): void => {
    const stride = view.strides[dims[d]!.name]!
    const { size } = dims[d]!
    if (d === last) for (let i = 0; i < size; i++) visit(own++, at + i * stride)
    else for (let i = 0; i < size; i++) along(d + 1, at + i * stride)
  }
  along(0, view.offset)
}

/** The view of every weight, by its name. Layers are told by the number in a weight's name, gains by their order. */
function viewsOf(weights: readonly WeightSpec[], path: string): ReadonlyMap<string, View> {
  const views = new Map<string, View>()
  const gains = new Map<string, number>()
  for (const w of weights) {
    const parts = w.name.split('.')
    const layer = parts.find((p) => /^\d+$/.test(p))
    const leaf = parts.at(-1)!
    const size = (name: string): number => w.dims.find((d) => d.name === name)?.size ?? unlike(path, w)
    const inner = layer === undefined ? undefined : `transformer.h.${layer}`
    const add = (name: string, shape: readonly number[], strides: Readonly<Record<string, number>>, offset = 0): void => {
      if (w.dims.some((d) => strides[d.name] === undefined)) unlike(path, w)
      views.set(w.name, { name, shape, strides, offset })
    }
    if (w.dims.length === 1) {
      const turn = gains.get(layer ?? '') ?? 0
      gains.set(layer ?? '', turn + 1)
      if (turn > (inner === undefined ? 0 : 1)) unlike(path, w)
      const [dim] = w.dims
      add(inner === undefined ? 'transformer.ln_f.weight' : `${inner}.norm_${turn + 1}.weight`, [dim!.size], { [dim!.name]: 1 })
    } else if (inner === undefined) {
      const width = size('width')
      if (leaf === 'E') add('transformer.wte.weight', [size('symbols'), width], { symbols: width, width: 1 })
      else if (leaf === 'U') add('lm_head.weight', [size('vocab'), width], { vocab: width, width: 1 })
      else unlike(path, w)
    } else if (leaf === 'Wgate' || leaf === 'Win') {
      const name = `${inner}.mlp.swiglu.${leaf === 'Wgate' ? 'w1' : 'w2'}.weight`
      add(name, [size('hidden'), size('width')], { hidden: size('width'), width: 1 })
    } else if (leaf === 'Wout') {
      add(`${inner}.mlp.swiglu.w3.weight`, [size('width'), size('hidden')], { width: size('hidden'), hidden: 1 })
    } else if (leaf === 'Wo') {
      const [share, head] = [size('share'), size('head')]
      const all = size('groups') * share * head
      add(`${inner}.attn.proj.weight`, [size('width'), all], { width: all, groups: share * head, share: head, head: 1 })
    } else if (leaf === 'Wq' || leaf === 'Wk' || leaf === 'Wv') {
      const share = shareOf(weights, layer) ?? unlike(path, w)
      const [width, head] = [size('width'), size('head')]
      const one = head * width
      const offset = { Wq: 0, Wk: share, Wv: share + 1 }[leaf] * one
      const strides = { width: 1, head: width, share: one, groups: (share + 2) * one }
      add(`${inner}.attn.attn.weight`, [size('groups') * (share + 2) * head, width], strides, offset)
    } else unlike(path, w)
  }
  return views
}

/** Queries that share a key, in a layer. */
function shareOf(weights: readonly WeightSpec[], layer: string | undefined): number | undefined {
  const query = weights.find((w) => w.name.endsWith('.Wq') && w.name.split('.').includes(layer ?? ''))
  return query?.dims.find((d) => d.name === 'share')?.size
}

function unlike(path: string, w: WeightSpec): never {
  throw mismatch(path, `the model's ${w.name} has no place in that layout`)
}

function mismatch(path: string, reason: string): Failure {
  return new Failure({
    code: 'checkpoint-mismatch',
    message: `${path} is in the layout of the published SMDM models, which does not fit: ${reason}`,
    advice: ["use the library's `transformer` with the layers, width, heads and vocabulary of the checkpoint"],
  })
}
