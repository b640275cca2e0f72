// Numbers as the plan shows them.

/** `18 710`. */
export function grouped(n: number): string {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+(?!\d))/g, ' ')
}

/** `169.9M`, `1.14B`, `12`: three or four digits of a number. */
export function rounded(n: number): string {
  const scales = [
    [1e12, 'T', 1e12],
    [1e9, 'B', 1e9],
    [1e6, 'M', 1e6],
    [1e3, 'k', 1e4],
  ] as const
  const [size, letter] = scales.find(([, , from]) => n >= from) ?? [1, '']
  const scaled = n / size
  return (size === 1 ? String(Math.round(n)) : scaled.toFixed(scaled >= 100 ? 1 : 2)) + letter
}

/** `1.2e18`. */
export function scientific(n: number): string {
  return n.toExponential(2).replace('e+', 'e')
}

/** `3.3 GiB`, `98 MiB`. */
export function bytes(n: number): string {
  return n >= 2 ** 30 ? `${(n / 2 ** 30).toFixed(1)} GiB` : `${Math.max(1, Math.round(n / 2 ** 20))} MiB`
}
