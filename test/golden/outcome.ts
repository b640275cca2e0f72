// What a comparison says: one number beside its tolerance, or that the case is not supported yet.

export type Outcome =
  | { readonly kind: 'measured'; readonly what: string; readonly error: number; readonly tolerance: number }
  | { readonly kind: 'unsupported'; readonly why: string }

export const measured = (what: string, error: number, tolerance: number): Outcome => ({ kind: 'measured', what, error, tolerance })

/** Equality, as zero or one difference against a tolerance of zero. */
export const equal = (what: string, same: boolean): Outcome => measured(what, same ? 0 : 1, 0)

/** NaN fails. */
export function passed(outcome: Outcome): boolean {
  return outcome.kind === 'measured' && outcome.error <= outcome.tolerance
}

export function maxAbs(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.NaN
  let worst = 0
  for (let i = 0; i < a.length; i++) {
    const d = Math.abs(a[i]! - b[i]!)
    if (!(d <= worst)) worst = d
  }
  return worst
}

/** Norm of the difference over norm of the reference. */
export function relativeL2(a: ArrayLike<number>, reference: ArrayLike<number>): number {
  if (a.length !== reference.length) return Number.NaN
  let [difference, norm] = [0, 0]
  for (let i = 0; i < a.length; i++) {
    difference += (a[i]! - reference[i]!) ** 2
    norm += reference[i]! ** 2
  }
  return norm === 0 ? Math.sqrt(difference) : Math.sqrt(difference / norm)
}
