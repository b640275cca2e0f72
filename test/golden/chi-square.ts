// Pearson's chi-square against exact probabilities; outcomes expected less than five times share one cell.

/** Probability of a statistic at least this large when the counts follow `exact`. */
export function chiSquareP(counts: ArrayLike<number>, exact: readonly number[], samples: number): number {
  let [statistic, cells, pooledCount, pooledExpected] = [0, 0, 0, 0]
  const add = (count: number, expected: number): void => {
    statistic += (count - expected) ** 2 / expected
    cells++
  }
  for (const [i, p] of exact.entries()) {
    const expected = p * samples
    if (expected >= 5) add(counts[i]!, expected)
    else {
      pooledCount += counts[i]!
      pooledExpected += expected
    }
  }
  if (pooledExpected > 0) add(pooledCount, pooledExpected)
  return upperGamma((cells - 1) / 2, statistic / 2)
}

/** The regularised upper incomplete gamma function Q(a, x), by series below a + 1 and by continued fraction above. */
function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1
  const front = Math.exp(a * Math.log(x) - x - logGamma(a))
  if (x < a + 1) {
    let [term, sum] = [1 / a, 1 / a]
    for (let n = 1; n < 1000 && term > sum * 1e-15; n++) sum += term *= x / (a + n)
    return 1 - front * sum
  }
  let [b, c, d] = [x + 1 - a, 1e300, 1 / (x + 1 - a)]
  let h = d
  for (let n = 1; n < 1000; n++) {
    const an = -n * (n - a)
    b += 2
    d = 1 / (an * d + b)
    c = b + an / c
    const change = c * d
    h *= change
    if (Math.abs(change - 1) < 1e-15) break
  }
  return front * h
}

/** Lanczos' approximation, seven terms. */
function logGamma(z: number): number {
  const c = [76.18009172947146, -86.50532032941677, 24.01409824083091, -1.231739572450155, 0.1208650973866179e-2, -0.5395239384953e-5]
  const t = z + 5.5
  const series = c.reduce((sum, ci, i) => sum + ci / (z + 1 + i), 1.000000000190015)
  return (z + 0.5) * Math.log(t) - t + Math.log((2.5066282746310005 * series) / z)
}
