// Small stand-ins for the data, tokenizers and checkpoints that the worked examples name, in a folder of their own.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const examples = join(import.meta.dirname, '..', 'fixtures', 'language', 'examples')

/** A packed file as lit-gpt writes it: a header, then 16-bit tokens. */
export function packedFile(tokens: number): Uint8Array {
  const bytes = Buffer.alloc(24 + 2 * tokens)
  bytes.write('LITPKDS', 'latin1')
  bytes.writeBigUInt64LE(1n, 7)
  bytes[15] = 8
  bytes.writeBigUInt64LE(BigInt(tokens), 16)
  return bytes
}

/** A SentencePiece model with that many pieces, all of them empty. */
export function sentencepieceFile(pieces: number): Uint8Array {
  return Buffer.concat(Array.from({ length: pieces }, () => Buffer.from([10, 2, 10, 0])))
}

/** JSON objects, a line each. */
export function jsonl(...rows: readonly object[]): string {
  return rows.map((row) => JSON.stringify(row) + '\n').join('')
}

/** The eight examples beside their files. What stands at the root of a disk there stands in this folder here. */
export class StandIns implements Disposable {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'smdmc-examples-')))
  readonly pages: readonly string[]

  constructor() {
    cpSync(examples, this.path, { recursive: true })
    this.pages = readdirSync(this.path).filter((name) => name.endsWith('.smdm'))
    for (const page of this.pages)
      this.write(page, readFileSync(join(this.path, page), 'utf8').replaceAll('"/dataset', `"${this.path}/dataset`))
    this.write('data/tinystories.txt', 'Once upon a time there was a little boat.\n'.repeat(800))
    this.write('dataset/slim_star_combined/train_slim_0.bin', packedFile(40_000))
    this.write('dataset/slim_star_combined/train_slim_1.bin', packedFile(20_000))
    this.write('dataset/slim_star_combined/validation_0.bin', packedFile(10_000))
    this.write('models/tinyllama.model', sentencepieceFile(32_000))
    for (const start of ['mdm-1028M-3300e18-rsl-0.01-bs-1024', 'mdm-1028M-1600e18']) this.write(`models/${start}.safetensors`, 'stand-in')
    this.write('data/gsm8k/train.txt', 'What is 1 + 1?||1 + 1 = 2 #### 2\n'.repeat(300))
    this.write('data/gsm8k/test.jsonl', jsonl({ question: 'What is 2 + 2?', answer: '2 + 2 = 4', target: '4' }))
    const facts = 'data/reverse_experiments/june_version_7921032488'
    for (const name of [
      'all_prompts_train',
      'd2p_prompts_test',
      'p2d_reverse_prompts_test',
      'p2d_prompts_test',
      'd2p_reverse_prompts_test',
    ]) {
      const row = { prompt: 'The author of the first book is', completion: ' nobody' }
      this.write(`${facts}/${name}.jsonl`, jsonl(...Array.from({ length: 3600 }, () => row)))
    }
  }

  write(name: string, content: string | Uint8Array): void {
    const path = join(this.path, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}
