// What is in a file, as far as checking asks: columns and lines of examples, tokens of packed blocks, ids of a tokenizer.
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { FileQuery, FoundFile } from '../compiler/facts.ts'

export type Content = Pick<FoundFile, 'tokens' | 'lines' | 'columns' | 'vocab' | 'unfit'>

/** Reads a file that is there. */
export function contentOf(path: string, query: Exclude<FileQuery, { as: 'packed' }>): Content {
  switch (query.as) {
    case 'jsonl':
      return jsonl(path)
    case 'lines':
      return lines(path, new RegExp(query.regexp, 's'))
    case 'sentencepiece':
      return sentencepiece(path)
    case 'bpe':
      return bpe(path)
    default:
      return query satisfies never
  }
}

/** Columns are the keys that every line has. Blank lines do not count. */
function jsonl(path: string): Content {
  let columns: string[] | undefined
  let count = 0
  for (const [line, text] of linesOf(path)) {
    if (text.trim() === '') continue
    const value = parsed(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return { unfit: { line, problem: value === undefined ? 'this line is not JSON' : 'this line is not a JSON object' } }
    }
    columns = columns === undefined ? Object.keys(value) : columns.filter((name) => name in value)
    count++
  }
  return count === 0 ? { unfit: { problem: 'it is empty' } } : { lines: count, columns }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** Columns are those of the pattern, which every line fits. */
function lines(path: string, pattern: RegExp): Content {
  let count = 0
  for (const [line, text] of linesOf(path)) {
    if (text === '') continue
    if (!pattern.test(text)) return { unfit: { line, problem: `this line does not fit the pattern: ${JSON.stringify(text.slice(0, 60))}` } }
    count++
  }
  return count === 0 ? { unfit: { problem: 'it is empty' } } : { lines: count }
}

/** Lines with their numbers, from 1, in pieces that fit in memory. */
function* linesOf(path: string): Generator<readonly [number, string]> {
  const file = openSync(path, 'r')
  try {
    const decoder = new TextDecoder()
    const chunk = Buffer.allocUnsafe(1 << 20)
    let rest = ''
    let line = 0
    for (let n = readSync(file, chunk); n > 0; n = readSync(file, chunk)) {
      const found = (rest + decoder.decode(chunk.subarray(0, n), { stream: true })).split('\n')
      rest = found.pop()!
      for (const text of found) yield [++line, text.replace(/\r$/, '')]
    }
    if (rest !== '') yield [++line, rest]
  } finally {
    closeSync(file)
  }
}

/** Pieces are the messages in field 1 of a protocol buffer; nothing else of it is read here. */
function sentencepiece(path: string): Content {
  const bytes = readFileSync(path)
  let at = 0
  let pieces = 0
  const varint = (): number => {
    let value = 0
    for (let scale = 1; at < bytes.length; scale *= 128) {
      const byte = bytes[at++]!
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
    return NaN
  }
  const sizes: Readonly<Record<number, () => number>> = { 0: () => (varint(), 0), 1: () => 8, 2: varint, 5: () => 4 }
  while (at < bytes.length) {
    const tag = varint()
    const size = sizes[tag & 7]?.() ?? NaN
    if (!(at + size <= bytes.length)) return { unfit: { problem: 'it is no protocol buffer' } }
    at += size
    if (tag === 10) pieces++
  }
  return pieces === 0 ? { unfit: { problem: 'it holds no pieces' } } : { vocab: pieces }
}

/** Ids go up to the largest of the vocabulary and of what was added to it. */
function bpe(path: string): Content {
  const value = parsed(readFileSync(path, 'utf8')) as { model?: { vocab?: unknown }; added_tokens?: unknown } | undefined
  const vocab: unknown = value?.model?.vocab
  if (typeof vocab !== 'object' || vocab === null) return { unfit: { problem: 'it has no `model.vocab`' } }
  const added = (Array.isArray(value?.added_tokens) ? value.added_tokens : []) as { id?: unknown }[]
  const ids = [...(Object.values(vocab) as unknown[]), ...added.map(({ id }) => id)].filter((id) => typeof id === 'number')
  return { vocab: ids.reduce((most, id) => Math.max(most, id), -1) + 1 }
}

/** Bytes of a number in packed files, by the code in their header. */
const WIDTHS: Readonly<Record<number, number>> = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 8: 2 }
const HEADER = 24

/** Packed files of a folder whose names fit `glob` (`*` and `?`), by name. */
export function packedFiles(folder: string, glob: string): readonly string[] {
  const pattern = new RegExp(
    `^${glob
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  )
  const names = readdirSync(folder).filter((name) => pattern.test(name) && statSync(join(folder, name)).isFile())
  return names.sort()
}

/** Tokens of one packed file, by its header: LITPKDS, version u64, type u8, tokens u64. */
export function packedTokens(path: string): { readonly tokens: number } | { readonly problem: string } {
  const header = Buffer.alloc(HEADER)
  const file = openSync(path, 'r')
  try {
    if (readSync(file, header) < HEADER || header.toString('latin1', 0, 7) !== 'LITPKDS')
      return { problem: 'it does not begin with LITPKDS' }
  } finally {
    closeSync(file)
  }
  const width = WIDTHS[header[15]!]
  const tokens = Number(header.readBigUInt64LE(16))
  if (width === undefined) return { problem: `its numbers have the unknown type ${header[15]}` }
  const size = statSync(path).size
  return size === HEADER + tokens * width ? { tokens } : { problem: `its header says ${tokens} tokens, but it has ${size} bytes` }
}
