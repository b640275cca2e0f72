// What a bench measured → tables for people.
import { bytes, grouped } from '../../compiler/report/numbers.ts'
import type { KernelTime } from '../../runtime/bench/profile.ts'
import type { Choice } from '../../runtime/bench/tune.ts'
import type { KernelBench } from './kernels.ts'

/** The kernels that take most of the time first, what the device can do, and what the host spends. */
export function benchText(bench: KernelBench): string {
  const { stage, device, parts, unit, kernels, seconds, ceilings, dispatches } = bench
  const work = parts.map(({ program, times, live }) => {
    const at = live.map(({ name, size }) => `${name} at its bound, ${grouped(size)}`).join(', ')
    return `${times} × ${program}${at === '' ? '' : ` (${at})`}`
  })
  return [
    `${stage} on ${device}: a ${unit} is ${work.join(', ')}`,
    ...(bench.software ? ['This device computes on the CPU. These are no figures of performance.'] : []),
    '',
    ...kernelTable(bench),
    '',
    ...aligned([
      [
        'in all',
        `${time(seconds)} a ${unit}, ${grouped(dispatches)} dispatches of ${kernels.length} kernels, ${bytes(bench.memory)} of memory`,
      ],
      ['copy', `${si(ceilings.copy.bytesPerSecond, 'B/s')}, read and written`],
      ...ceilings.products.map(({ name, rates }) => [name, `${si(rates.flopsPerSecond, 'FLOP/s')}`]),
      ['host', hostLine(bench)],
      ['compiled', `${bench.compiled} kernels in ${time(bench.compiling)}, without the driver's cache`],
    ]),
    '',
  ].join('\n')
}

/** Of the host's time for each dispatch, so that it stays ahead of the device: microseconds. */
const aim = 3

/** On a software adapter the device takes the host's own processors, so there is nothing to aim at. */
function hostLine({ host: { record, submit }, software }: KernelBench): string {
  const total = record + submit
  const judged = software ? '' : ` (${total < aim ? 'within' : 'above'} the aim of ${aim} µs)`
  return `${us(total)} a dispatch${judged}: ${us(record)} to record it, ${us(submit)} to submit it`
}

/** Kernels with at least this share of the time get a line of their own. */
const shown = 0.001

function kernelTable({ kernels, seconds, ceilings }: KernelBench): readonly string[] {
  const best = Math.max(...ceilings.products.map(({ rates }) => rates.flopsPerSecond))
  const row = (k: KernelTime): readonly string[] => [
    `${k.label} #${k.kernel}`,
    grouped(k.calls),
    time(k.seconds),
    share(k.seconds / seconds),
    si(k.flops / k.seconds, 'FLOP/s'),
    si(k.bytes / k.seconds, 'B/s'),
    share(Math.max(k.flops / k.seconds / best, k.bytes / k.seconds / ceilings.copy.bytesPerSecond)),
    k.key ?? '',
  ]
  const sorted = kernels.toSorted((a, b) => b.seconds - a.seconds)
  const long = sorted.filter((k) => k.seconds >= shown * seconds)
  const rest = sorted.slice(long.length)
  const more = rest.length === 0 ? [] : [`${rest.length} more take ${share(rest.reduce((sum, k) => sum + k.seconds, 0) / seconds)}`]
  return [...aligned([['kernel', 'calls', 'time', 'share', 'operations', 'traffic', 'of the best', ''], ...long.map(row)]), ...more]
}

/** Tiles that won, against those that are taken unmeasured. */
export function tuningText(choices: readonly Choice[], path: string): string {
  const rows = choices.map(({ key, place, seconds, before }) => {
    const gain = before === seconds ? 'the first guess' : `tile ${place}, ${share(1 - seconds / before)} less`
    return [key, time(seconds), gain]
  })
  return [...aligned([['choice', 'time', 'fastest'], ...rows]), `kept in ${path}`, ''].join('\n')
}

/** Columns: the first and the last to the left, numbers to the right. */
function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)))
  const toLeft = (i: number) => i === 0 || i === widths.length - 1
  return rows.map((row) => row.map((text, i) => (toLeft(i) ? text.padEnd(widths[i]!) : text.padStart(widths[i]!))).join('  ').trimEnd()) // prettier-ignore
}

/** `12.3 ms`, `6 890 s`. */
function time(seconds: number): string {
  return seconds >= 1000 ? `${grouped(seconds)} s` : si(seconds, 's')
}

/** `36.8%`. */
function share(part: number): string {
  return `${(100 * part).toFixed(1)}%`
}

function us(microseconds: number): string {
  return `${microseconds.toFixed(2)} µs`
}

/** `245 TFLOP/s`, `3.91 GB/s`, `45.1 µs`: three digits. */
export function si(n: number, unit: string): string {
  if (!Number.isFinite(n)) return '–'
  const scales = [[1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e3, 'k'], [1, ''], [1e-3, 'm'], [1e-6, 'µ'], [1e-9, 'n']] as const // prettier-ignore
  const [size, prefix] = scales.find(([size]) => n >= size) ?? [1, '']
  const scaled = n / size
  return `${scaled >= 100 ? Math.round(scaled) : Number(scaled.toPrecision(3))} ${prefix}${unit}`
}
