// How many tokens each step of a sampler reveals (smdm.md 1.11). All numbers are rounded to f32 after every operation, as the
// published sampler computes them: its tables come out exactly, down to the step in which a rounding decides.
const { fround } = Math

/** The last time of the schedule; the published samplers stop here instead of at zero. */
const last = fround(1e-5)

/** n + 1 times from 1 down to 1e-5, evenly: from the front in the first half and from the back in the second, as torch.linspace does. */
export function times(n: number): Float32Array {
  const step = fround(fround(last - 1) / fround(n))
  const half = Math.floor((n + 1) / 2)
  return Float32Array.from({ length: n + 1 }, (_, i) => (i < half ? 1 + fround(step * i) : last - fround(step * (n - i))))
}

/** Share of the masked tokens that step i of n reveals: 1 - s / t, and all of them at the end. */
export function shares(n: number): Float32Array {
  const t = times(n)
  return Float32Array.from({ length: n }, (_, i) => (i === n - 1 ? 1 : 1 - fround(t[i + 1]! / t[i]!)))
}

/** A step of the confidence sampler that reveals something. */
export interface RevealStep {
  /** From 0, idle steps counted: it keys the noise. */
  readonly step: number
  /** Tokens to reveal, and masks there before. */
  readonly count: number
  readonly masks: number
}

/** Tokens that each of n steps reveals of `masked`; early steps may reveal none. */
export function revealCounts(masked: number, n: number): readonly number[] {
  let masks = masked
  return Array.from(shares(n), (share) => {
    const count = Math.trunc(fround(masks * share))
    masks -= count
    return count
  })
}

/** The steps that reveal something. An idle step would leave everything as it is, so it need not run. */
export function revealSteps(masked: number, n: number): readonly RevealStep[] {
  let masks = masked
  return revealCounts(masked, n).flatMap((count, step) => {
    const before = masks
    masks -= count
    return count === 0 ? [] : [{ step, count, masks: before }]
  })
}
