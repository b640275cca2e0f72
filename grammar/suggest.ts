// A word nobody knows → the known word that was probably meant. And lists of words as a sentence has them.

/** Letters of a word that may have been misspelt; a longer one takes long to compare, and nobody wrote it by hand. */
const longest = 200

/**
 * Comparisons with one long list. A page with thousands of names and thousands of mistakes would wait for minutes; the first
 * mistakes are told what was meant.
 */
const patience = 5_000_000
const long = 256

/** The candidate nearest to `word` in Damerau-Levenshtein distance, if near enough to have been meant. Ties go to the first. */
export function nearest(word: string, ...lists: readonly Iterable<string>[]): string | undefined {
  if (word.length > longest) return undefined
  let best: string | undefined
  // A third of the letters may be wrong, at least one; a two-letter word says too little to guess from three.
  let least = Math.max(1, Math.floor(word.length / 3)) + 1
  const lower = word.toLowerCase()
  const letters = lettersOf(word)
  for (const list of lists) {
    const candidates = Array.isArray(list) ? (list as readonly string[]) : [...list]
    const sketch = sketchOf(candidates)
    if (sketch.compared > patience) continue
    if (candidates.length > long) sketch.compared += candidates.length
    for (let i = 0; i < candidates.length; i++) {
      const candidate = candidates[i]!
      // An edit takes one letter from those that occur and brings one, at most.
      if (Math.abs(candidate.length - word.length) >= least || ones(letters ^ sketch.letters[i]!) > 2 * (least - 1)) continue
      const d = candidate.toLowerCase() === lower ? 0 : distance(word, candidate)
      if (d < least && d < Math.max(word.length, candidate.length)) [best, least] = [candidate, d]
      if (least === 0) return best
    }
  }
  return best
}

/** What is kept of a list for the next word. */
interface Sketch {
  /** Those that occur in each of its words. */
  readonly letters: Int32Array
  compared: number
}

const sketches = new WeakMap<readonly string[], Sketch>()

function sketchOf(list: readonly string[]): Sketch {
  const known = sketches.get(list)
  if (known?.letters.length === list.length) return known
  const found = { letters: Int32Array.from(list, lettersOf), compared: 0 }
  sketches.set(list, found)
  return found
}

/** A bit for each letter that occurs, whichever its case; some letters share one. */
function lettersOf(word: string): number {
  let bits = 0
  for (let i = 0; i < word.length; i++) bits |= 1 << ((word.charCodeAt(i) | 32) & 31)
  return bits
}

function ones(bits: number): number {
  let count = 0
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++
  return count
}

/** Edits between two words: insertion, deletion, substitution, or exchange of neighbours, one each. */
export function distance(a: string, b: string): number {
  let above: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let d = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) d = Math.min(d, above[j - 2]! + 1)
      row.push(d)
    }
    ;[above, last] = [last, row]
  }
  return last[b.length]!
}

/** `a`, `a and b`, `a, b and c`. */
export function listOf(words: readonly string[], joint = 'and'): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} ${joint} ${words.at(-1)}`
}

/** A table in which all of these words stand for the same. */
export function each<T>(words: readonly string[], same: T): Readonly<Record<string, T>> {
  return Object.fromEntries(words.map((word) => [word, same]))
}
