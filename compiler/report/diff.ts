// Two normal forms → where they differ, by path. Records are compared field by field, code by what it declares, all else whole.
export interface Difference {
  /** `optimizer.lr`. */
  readonly path: string
  /** Values of the normal form; undefined where there is no such field. */
  readonly before?: unknown
  readonly after?: unknown
}

/** In the order of the paths; numerics last, as they are our doing. */
export function differences(before: unknown, after: unknown): readonly Difference[] {
  const [old, young] = [flatten(before), flatten(after)]
  const paths = [...new Set([...old.keys(), ...young.keys()])].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
  return paths.flatMap((path) => {
    const [x, y] = [old.get(path), young.get(path)]
    // What only one of two has is another kind of record, not another way to compute one; its fields say so.
    if (rank(path) > 0 && (x === undefined || y === undefined)) return []
    return JSON.stringify(x) === JSON.stringify(y) ? [] : [{ path, before: x, after: y }]
  })
}

const rank = (path: string): number => (path.startsWith('numerics') ? 1 : 0)

/** Every value by its path. What a record is stands at the record's own path. */
export function flatten(value: unknown, path = ''): ReadonlyMap<string, unknown> {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value)
  const isList = Array.isArray(value) && value.some((item) => typeof item === 'object' && item !== null)
  if (!isRecord && !isList) return new Map([[path, value]])
  const all = new Map<string, unknown>()
  for (const [name, child] of Object.entries(value)) {
    const at = isList ? `${path}[${name}]` : name === 'is' ? path : path === '' ? name : `${path}.${name}`
    for (const [inner, leaf] of flatten(child, at)) all.set(inner, leaf)
  }
  return all
}
