// The header of a safetensors file ⇄ a list of tensors. Every claim of a header that is read is checked against the file's size,
// so that a broken or hostile file ends in a Failure with a reason, never in wrong numbers or an allocation without bound.
import { Failure } from '../events.ts'

export const dtypes = { F32: 4, F16: 2, BF16: 2, I32: 4, I64: 8, U8: 1 } as const
export type StoredDtype = keyof typeof dtypes

/** One tensor of a file. `start` and `end` are byte offsets behind the header. */
export interface TensorEntry {
  readonly name: string
  readonly dtype: StoredDtype
  readonly shape: readonly number[]
  readonly start: number
  readonly end: number
}

export interface Header {
  readonly tensors: readonly TensorEntry[]
  readonly metadata: Readonly<Record<string, string>>
}

/** The format's own bound on the header, in bytes. */
export const headerLimit = 100_000_000

export function elementsOf(shape: readonly number[]): number {
  return shape.reduce((n, d) => n * d, 1)
}

/** JSON of a header, padded with blanks to whole 8 bytes. Tensors stand sorted by name, and their data in that order. */
export function printHeader(
  tensors: readonly { readonly name: string; readonly dtype: StoredDtype; readonly shape: readonly number[] }[],
  metadata?: Readonly<Record<string, string>>,
): { readonly json: string; readonly tensors: readonly TensorEntry[]; readonly bytes: number } {
  const sorted = [...tensors].sort((a, b) => (a.name < b.name ? -1 : 1))
  const placed: TensorEntry[] = []
  const parts = metadata === undefined ? [] : [`"__metadata__":${JSON.stringify(metadata)}`]
  let end = 0
  for (const { name, dtype, shape } of sorted) {
    const start = end
    end += elementsOf(shape) * dtypes[dtype]
    placed.push({ name, dtype, shape, start, end })
    parts.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [start, end] })}`)
  }
  const json = `{${parts.join(',')}}`
  const length = Buffer.byteLength(json)
  return { json: json + ' '.repeat((8 - (length % 8)) % 8), tensors: placed, bytes: end }
}

/**
 * Reads a header's JSON.
 * @param dataBytes bytes of the file behind the header
 * @param path for messages
 */
export function parseHeader(json: string, dataBytes: number, path: string): Header {
  const fail = (reason: string): never => {
    throw badFile(path, reason)
  }
  let top: unknown
  try {
    top = JSON.parse(json)
  } catch {
    return fail('its header is not JSON')
  }
  if (!isRecord(top)) return fail('its header is not a JSON object')
  const tensors: TensorEntry[] = []
  let metadata: Readonly<Record<string, string>> = {}
  for (const [name, value] of Object.entries(top)) {
    if (name !== '__metadata__') tensors.push(parseEntry(name, value, fail))
    else if (isRecord(value) && Object.values(value).every((v) => typeof v === 'string')) metadata = value as Record<string, string>
    else fail('its metadata is not a table of texts')
  }
  // JSON.parse keeps the last of two equal keys: count them in the text.
  const named = new Set(topLevelKeys(json))
  if (named.size !== topLevelKeys(json).length) fail('a tensor is named twice')
  tensors.sort((a, b) => a.start - b.start || a.end - b.end)
  let end = 0
  for (const t of tensors) {
    if (t.start < end) fail(`the data of ${t.name} overlaps another tensor's`)
    if (t.start > end) fail(`there is a gap before the data of ${t.name}`)
    end = t.end
    if (end > dataBytes) fail(`it is cut off: the data of ${t.name} would end ${end - dataBytes} bytes behind the end of the file`)
  }
  if (end < dataBytes) fail(`it has ${dataBytes - end} bytes too many`)
  return { tensors, metadata }
}

function parseEntry(name: string, value: unknown, fail: (reason: string) => never): TensorEntry {
  if (!isRecord(value)) return fail(`the entry of ${name} is not an object`)
  const { dtype, shape, data_offsets: offsets } = value
  if (typeof dtype !== 'string' || !isDtype(dtype)) return fail(`${name} has the unknown type ${JSON.stringify(dtype)}`)
  if (!Array.isArray(shape) || !shape.every(isSize)) return fail(`${name} has no proper shape`)
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) return fail(`${name} has no proper offsets`)
  const [start, end] = offsets as [number, number]
  const bytes = elementsOf(shape) * dtypes[dtype]
  if (!Number.isSafeInteger(bytes) || end - start !== bytes) return fail(`shape and length of ${name} do not agree`)
  return { name, dtype, shape, start, end }
}

/** The keys of the outermost object, with repetitions, unescaped. The text is known to be JSON. */
function topLevelKeys(json: string): readonly string[] {
  const keys: string[] = []
  let depth = 0
  for (let i = 0; i < json.length; i++) {
    const c = json[i]
    if (c === '{' || c === '[') depth++
    else if (c === '}' || c === ']') depth--
    else if (c === '"') {
      const from = i
      for (i++; json[i] !== '"'; i++) if (json[i] === '\\') i++
      if (depth === 1 && /^\s*:/.test(json.slice(i + 1, i + 64))) keys.push(JSON.parse(json.slice(from, i + 1)) as string)
    }
  }
  return keys
}

export function badFile(path: string, reason: string): Failure {
  return new Failure({
    code: 'bad-checkpoint',
    message: `${path} is not a sound safetensors file: ${reason}`,
    advice: ['fetch or write the file again; a copy may have been cut off'],
  })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isDtype(text: string): text is StoredDtype {
  return Object.hasOwn(dtypes, text)
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
