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

/** `3.3 GiB`, `98 MiB`, `2 KiB`: in the largest unit that leaves a number of at least one; gibibytes with a digit behind the point. */
export function bytes(n: number): string {
  if (n >= 2 ** 30) return `${(n / 2 ** 30).toFixed(1)} GiB`
  return n >= 2 ** 20 ? `${Math.round(n / 2 ** 20)} MiB` : n >= 2 ** 10 ? `${Math.round(n / 2 ** 10)} KiB` : `${n} B`
}

/** `50.05%`, `100%`: four digits. */
export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(4))}%`
}

/** `about 3.2 hours`, `about 12 days`, `less than a second`. */
export function duration(seconds: number): string {
  const units = [
    [86_400, 'days', 2 * 86_400],
    [3600, 'hours', 2 * 3600],
    [60, 'minutes', 120],
  ] as const
  const [size, name] = units.find(([, , from]) => seconds >= from) ?? [1, 'seconds']
  return seconds < 1 ? 'less than a second' : `about ${Number((seconds / size).toPrecision(2))} ${name}`
}
