// Makes indices: equal ones are one object, and views of views cancel where they can, so that a split of a merge
// reads like the tensor it came from.
import type { Dim } from '../graph/graph.ts'
import type { Index, ScalarId } from './kernel.ts'

export class Indices {
  private readonly known = new Map<string, Index>()
  private readonly ids = new Map<Index, number>()

  dim(name: string): Index {
    return this.intern(`dim ${name}`, { kind: 'dim', name })
  }

  value(of: ScalarId): Index {
    return this.intern(`value ${of}`, { kind: 'value', of })
  }

  /** Row-major position over `sizes` of the parts. */
  join(parts: readonly Index[], sizes: readonly Dim[]): Index {
    if (parts.length === 1) return parts[0]!
    return this.intern(`join ${parts.map((p) => this.id(p)).join()} ${sizes.map(sizeKey).join()}`, { kind: 'join', parts, sizes })
  }

  /** Inverse of join: the parts of a position over `sizes`, in order. */
  parts(of: Index, sizes: readonly Dim[]): readonly Index[] {
    if (sizes.length === 1) return [of]
    if (of.kind === 'join' && of.sizes.length === sizes.length && of.sizes.every((s, i) => sizeKey(s) === sizeKey(sizes[i]!)))
      return of.parts
    const parts: Index[] = []
    let rest = of
    for (let i = sizes.length - 1; i > 0; i--) {
      parts.unshift(this.step('mod', rest, sizes[i]!))
      rest = this.step('div', rest, sizes[i]!)
    }
    return [rest, ...parts]
  }

  rotate(of: Index, by: number, size: Dim): Index {
    if (by === 0) return of
    return this.intern(`rotate ${this.id(of)} ${by} ${sizeKey(size)}`, { kind: 'rotate', of, by, size })
  }

  /** A number that stands for the index in keys. */
  id(index: Index): number {
    return this.ids.get(index)!
  }

  private step(kind: 'div' | 'mod', of: Index, by: Dim): Index {
    if (of.kind === 'join' && sizeKey(of.sizes.at(-1)!) === sizeKey(by)) {
      return kind === 'mod' ? of.parts.at(-1)! : this.join(of.parts.slice(0, -1), of.sizes.slice(0, -1))
    }
    return this.intern(`${kind} ${this.id(of)} ${sizeKey(by)}`, { kind, of, by })
  }

  private intern(key: string, index: Index): Index {
    const known = this.known.get(key)
    if (known) return known
    this.known.set(key, index)
    this.ids.set(index, this.ids.size)
    return index
  }
}

function sizeKey(dim: Dim): string {
  return dim.live ? dim.name : `${dim.size}`
}
