// Small random graphs of every kind of op: the same for the same seed. Values stay near one, so that f32 and float64 agree.
import { Builder, type Value } from '../../compiler/graph/builder.ts'
import { names } from '../../compiler/graph/dims.ts'
import { elements, type Dim, type Graph } from '../../compiler/graph/graph.ts'

const small: Readonly<Record<string, number>> = { a: 3, b: 4, c: 6, d: 8, e: 5, f: 7 }

export function randomGraph(seed: number, length: number, sizes = small): Graph {
  let state = (seed * 2654435761 + 97) >>> 0
  const below = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor(((state >>> 8) / 2 ** 24) * n)
  }
  const pick = <T>(of: readonly T[]): T => of[below(of.length)]!
  const some = (n: number): Dim[] => {
    const left = Object.entries(sizes).map(([name, size]) => ({ name, size }))
    return Array.from({ length: n }, () => left.splice(below(left.length), 1)[0]!)
  }
  const b = new Builder()
  const values = Array.from({ length: 4 }, (_, i) => b.input(`x${i}`, 'data', { dtype: 'f32', dims: some(1 + below(3)) }))
  const s = b.input('s', 'state', { dtype: 'f32', dims: some(2) })
  values.push(s)
  const tame = (x: Value): Value => b.unary('tanh', x)

  const grow = (): Value | undefined => {
    const [x, y] = [pick(values), pick(values)]
    const { dims } = x.type
    const last = dims.at(-1)
    const common = names(dims).filter((name) => names(y.type.dims).includes(name))
    switch (below(12)) {
      case 0:
        return b.unary(pick(['neg', 'abs', 'tanh', 'sin']), x)
      case 1:
      case 2:
        return tame(b.binary(pick(['add', 'sub', 'mul', 'min', 'max']), x, y))
      case 3:
        return b.select(b.binary('lt', x, y), y, b.binary('mul', x, 0.5))
      case 4:
        return last && tame(b.reduce(pick(['reduce_sum', 'reduce_max', 'reduce_min']), x, below(2) === 0 ? names(dims) : [pick(dims).name]))
      case 5: {
        // Softmax, centred.
        if (!last) return undefined
        const over = [pick(dims).name]
        const e = b.unary('exp', b.binary('sub', x, b.reduce('reduce_max', x, over)))
        return b.binary('sub', b.binary('div', e, b.reduce('reduce_sum', e, over)), 0.5)
      }
      case 6:
        return common.length > 0 ? tame(b.sumProduct(x, y, common.slice(0, 1 + below(common.length)))) : undefined
      case 7:
        return last && b.add('rotate', [x], { dim: pick(dims).name, by: below(9) - 4 })
      case 8: {
        const added = some(1).filter((d) => !names(dims).includes(d.name))
        return dims.length < 4 ? b.broadcast(x, [...dims, ...added].reverse()) : undefined
      }
      case 9: {
        if (dims.length < 2) return undefined
        const merged = b.unary('neg', b.merge(x, names(dims.slice(0, 2)), 'm'))
        return b.split(merged, 'm', dims.slice(0, 2))
      }
      case 10: {
        if (!last) return undefined
        const index = b.binary('mod', b.binary('add', b.binary('mul', b.position({ name: 'g', size: 6 }), 7), below(5)), last.size)
        const taken = b.gather(x, last.name, index)
        const back = b.add('scatter', [taken, index], { dim: last, over: ['g'], unique: false })
        return below(2) === 0 ? tame(back) : b.reduce('reduce_max', taken, ['g'])
      }
      default: {
        if (!last) return undefined
        const best = b.reduce('argmax', x, [last.name])
        return b.binary('mul', b.cast(best, 'f32'), 0.1)
      }
    }
  }

  while (values.length < length) {
    const made = grow()
    if (made && made.type.dims.length <= 5 && elements(made.type) <= 30000 && !values.includes(made)) values.push(made)
  }
  // What the state becomes: all there is, brought to its dims.
  const all = values.slice(-5).map((x) => {
    const over = names(x.type.dims).filter((name) => !names(s.type.dims).includes(name))
    return over.length > 0 ? b.reduce('reduce_sum', x, over) : x
  })
  b.update('s', b.broadcast(tame(all.reduce((x, y) => b.binary('add', x, y), s)), s.type.dims))
  for (let i = 1; i <= 3; i++) b.result(`y${i}`, values[values.length - i]!)
  b.result('old', below(2) === 0 ? s : pick(values))
  return b.finish()
}
