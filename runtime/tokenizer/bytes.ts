// The tokenizer without a vocabulary file: a token is a byte of the text's UTF-8.
import type { Tokenizer, Tokens } from './tokenizer.ts'

export const bytes: Tokenizer = {
  unit: 'byte',
  encode: (text) => new TextEncoder().encode(text),
  decode: (tokens) => decoded(Uint8Array.from(tokens)),
  ofFile: (content) => content,
  pieces: (tokens, mask) => {
    const pieces: (string | null)[] = []
    for (let i = 0; i < tokens.length;) {
      if (tokens[i] === mask) {
        pieces.push(null)
        i++
        continue
      }
      const length = characterLength(tokens, i, mask)
      pieces.push(decoded(Uint8Array.from(tokens.subarray(i, i + length))))
      for (let rest = 1; rest < length; rest++) pieces.push('')
      i += length
    }
    return pieces
  },
}

/** Broken sequences become replacement characters; a byte order mark is a character like any other. */
function decoded(content: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(content)
}

/** How many bytes make the character that starts here; one for a byte that starts none. */
function characterLength(tokens: Tokens, at: number, mask: number): number {
  const first = tokens[at]!
  const length = first >= 0xf0 && first < 0xf8 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1
  for (let i = 1; i < length; i++) {
    const next = tokens[at + i]
    if (next === undefined || next === mask || next >> 6 !== 2) return 1
  }
  return first >= 0xf8 ? 1 : length
}
