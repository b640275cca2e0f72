// What a tokenizer is: text ⇄ tokens.

/** Token ids. Texts of bytes stay bytes, so that a corpus takes no more memory than its file. */
export type Tokens = Uint8Array | Int32Array

export interface Tokenizer {
  encode(text: string): Tokens
  decode(tokens: Tokens): string
  /**
   * The text piece by piece, one per token; masked tokens (id `mask`) are null. Where several tokens make one character,
   * the first holds it and the others are empty.
   */
  pieces(tokens: Tokens, mask: number): readonly (string | null)[]
  /** Tokens of a file's content. */
  ofFile(content: Uint8Array): Tokens
  /** What one token is, in the singular: 'byte'. */
  readonly unit: string
}
