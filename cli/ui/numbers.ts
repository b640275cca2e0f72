// Numbers as people read them.

/** 1234567 → `1.23 M`, ready for a unit behind it. */
export function si(value: number): string {
  const units = ['', 'k', 'M', 'G', 'T', 'P']
  const power = value >= 999.5 ? Math.min(units.length - 1, Math.floor(Math.log10(value * 1.0005) / 3)) : 0
  return `${(value / 1000 ** power).toPrecision(3)} ${units[power]!}`
}

export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = value >= 1024 ? Math.min(units.length - 1, Math.floor(Math.log2(value) / 10)) : 0
  return `${(value / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]!}`
}

/** Seconds → `1h 02min`, `3min 05s`, `12s`. */
export function duration(seconds: number): string {
  const s = Math.round(seconds)
  const two = (n: number): string => String(n).padStart(2, '0')
  if (s >= 3600) return `${Math.floor(s / 3600)}h ${two(Math.floor((s % 3600) / 60))}min`
  return s >= 60 ? `${Math.floor(s / 60)}min ${two(s % 60)}s` : `${s}s`
}

/** Text that a model wrote may hold anything: what would steer the terminal becomes visible instead. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '�')
}
