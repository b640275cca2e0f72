// Philox4x32-10: (key, counter) → four random words. Counter-based, so a draw depends on nothing but its
// numbers: the same on the host, in a kernel and in an ONNX graph, in any order and on any number of threads.

/** Constants of the generator, for the targets that spell it out. */
export const MULTIPLIERS = [0xd2511f53, 0xcd9e8d57] as const
export const WEYL = [0x9e3779b9, 0xbb67ae85] as const
export const ROUNDS = 10

/** Writes the four words of counter (c0 … c3) under key (k0, k1) into `out`. Arguments are taken modulo 2^32. */
export function philox(out: Uint32Array, k0: number, k1: number, c0: number, c1: number, c2: number, c3: number): void {
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIERS[0], c0)
    const high1 = multiplyHigh(MULTIPLIERS[1], c2)
    const low0 = Math.imul(MULTIPLIERS[0], c0)
    const low1 = Math.imul(MULTIPLIERS[1], c2)
    c0 = high1 ^ c1 ^ k0
    c1 = low1
    c2 = high0 ^ c3 ^ k1
    c3 = low0
    k0 = (k0 + WEYL[0]) | 0
    k1 = (k1 + WEYL[1]) | 0
  }
  out[0] = c0
  out[1] = c1
  out[2] = c2
  out[3] = c3
}

/**
 * A uniform number strictly between 0 and 1: the middle of one of 2^23 equal intervals. All of them are f32 values,
 * so every target gives exactly this number. `words` is scratch space; give one in a loop.
 */
export function uniform(
  seed: number,
  stream: number,
  step: number,
  sample: number,
  position: number,
  index: number,
  words = new Uint32Array(4),
): number {
  philox(words, seed, stream, step, sample, position, index)
  return ((words[0]! >>> 9) + 0.5) * 2 ** -23
}

/** Upper 32 bits of the 64-bit product, from 16-bit halves. */
function multiplyHigh(a: number, b: number): number {
  const al = a & 0xffff
  const ah = a >>> 16
  const bl = b & 0xffff
  const bh = b >>> 16
  const middle = ah * bl + ((al * bl) >>> 16)
  const carry = al * bh + (middle & 0xffff)
  return (ah * bh + Math.floor(middle / 65536) + Math.floor(carry / 65536)) | 0
}
