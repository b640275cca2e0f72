// Values of a normal form as a page would write them, roughly: code by its name, hashes and keys by their first digits.

/** A value as a page would write it, roughly. */
export function shown(value: unknown): string {
  if (value === undefined) return 'none'
  if (isCode(value)) return /^(?:op|block) \w+/.exec(value[0]!)?.[0] ?? value[0]!.slice(0, 32)
  if (isHash(value)) return `${value.slice(0, 19)}…`
  if (isKey(value)) return `stage ${value.slice(0, 12)}`
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`
  if (typeof value === 'string')
    return value.replace(/^\d{7,}(?= )/, (n) => (/000$/.test(n) ? Number(n).toExponential().replace('e+', 'e') : n))
  return JSON.stringify(value)
}

export const isHash = (value: unknown): value is string => typeof value === 'string' && /^sha256:[0-9a-f]{64}$/.test(value)
export const isKey = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
export const isCode = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string') && /^(op|block) /.test(value[0] as string)
