// A text → nearly the same text: tokens, letters and lines left out, doubled, moved or replaced, by what breaks readers most.
import type { Random } from './random.ts'

/** Words, numbers with their fraction, texts, blanks and single marks. */
const pieces = /"""[^]*?"""|"[^"\n]*"|[A-Za-z_]\w*'*|\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?(?:%|[A-Za-z]\w*)?|\s+|[^]/g

/** Numbers at the edge of what anything holds, and one or two that are merely odd. */
export const extremes: readonly string[] =
  '0 1 2 3 0.5 -1 1e999 1e308 1e15 1e12 1e9 9007199254740993 4294967296 2147483648 1e-320 1_000_000 100% 0% 1e6M 65536'.split(' ')

/** Names that mean something to what runs underneath. */
const names = 'constructor __proto__ toString hasOwnProperty valueOf undefined NaN null is x time vocab width layers tokens'.split(' ')

const quantities = '1 steps|0 tokens|1e30 flops|2 epochs|3 sequences|30min|4GiB|1e400 steps|5 parsecs|7zz|1.5 steps'.split('|')
const marks = '( ) [ ] { } , : = == + - * / ^ < . ~ -> # " """ \n ; % & | ! \' \\ `'.split(' ')
const words = 'use let param op block weight repeat return grad wgsl if then else and or not mod true false as'.split(' ')
const odd = [
  '\0',
  '\uFEFF',
  '\uD800',
  '\uDC00',
  '\u{1F600}',
  'é',
  '\u0301',
  '\u202E',
  '\u2028',
  '\u0085',
  '\r',
  '\r\n',
  '\t',
  '\v',
  '\uFFFF',
]
const yaml = ['- ', ': ', '&a ', '*a', '!t ', '? ', '---', '...', '<<: ', '|\n', '>-\n', '|9\n', '%YAML 9\n', '[', '{', "'", 'null', '~']

function fresh(r: Random): string {
  return r.pick(r.pick([extremes, names, quantities, marks, words, odd, yaml]))
}

type Mutation = (text: string, r: Random) => string

/** The text with some of its tokens changed in place. */
function onTokens(change: (tokens: string[], at: number, r: Random) => void): Mutation {
  return (text, r) => {
    const tokens = text.match(pieces) ?? ['']
    for (let n = 1 + r.below(3); n > 0; n--) change(tokens, r.below(tokens.length), r)
    return tokens.join('')
  }
}

function onLines(change: (lines: string[], at: number, r: Random) => void): Mutation {
  return (text, r) => {
    const lines = text.split('\n')
    change(lines, r.below(lines.length), r)
    return lines.join('\n')
  }
}

function onNumbers(text: string, r: Random): string {
  return text.replace(/\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?/g, (number) => (r.once(6) ? r.pick(extremes) : number))
}

/** Around a token, many of one bracket or prefix; behind it, a long chain. */
function deep(text: string, r: Random): string {
  const tokens = text.match(pieces) ?? ['']
  const at = r.below(tokens.length)
  const [open, close] = r.pick([['(', ')'], ['[', ']'], ['{ a: ', '}'], ['{ a ', '}'], ['-', ''], ['not ', ''], ['if a then b else ', ''], ['', ' + a'], ['', '.a'], ['', ' { }'], ['f(', ')'], ['x[d: ', ']'], ['', '^2'], ['- ', '']]) // prettier-ignore
  const times = r.pick([3, 90, 99, 101, 300, 999, 1001, 3000])
  tokens[at] = open.repeat(times) + tokens[at]! + close.repeat(times)
  return tokens.join('')
}

const mutations: readonly Mutation[] = [
  onTokens((tokens, at) => tokens.splice(at, 1)),
  onTokens((tokens, at, r) => tokens.splice(at, 0, fresh(r))),
  onTokens((tokens, at, r) => (tokens[at] = fresh(r))),
  onTokens((tokens, at, r) => (tokens[at] = r.pick(tokens))),
  onTokens((tokens, at, r) => {
    const other = r.below(tokens.length)
    ;[tokens[at], tokens[other]] = [tokens[other]!, tokens[at]!]
  }),
  onNumbers,
  onNumbers,
  onLines((lines, at) => lines.splice(at, 1)),
  onLines((lines, at, r) => lines.splice(r.below(lines.length), 0, lines[at]!)),
  onLines((lines, at, r) => (lines[at] = ' '.repeat(r.below(8)) + lines[at]!.trimStart())),
  onLines((lines, at, r) => lines.splice(at, 1 + r.below(4), ...lines.slice(r.below(lines.length)).slice(0, 4))),
  (text, r) => text.slice(0, r.below(text.length + 1)),
  (text, r) => text.slice(0, r.below(text.length + 1)) + r.pick(odd) + text.slice(r.below(text.length + 1)),
  (text, r) => text.slice(r.below(text.length + 1)),
  (text, r) => (r.once(2) ? text.replaceAll('\n', '\r\n') : '\uFEFF' + text),
  (text, r) => text.replaceAll('\n', r.pick([' ', '\r', '\n\n\n'])),
  (text, r) => (r.once(8) ? text.slice(0, r.below(text.length + 1)) + 'x'.repeat(20_000) : text),
  (text, r) => (r.once(4) ? deep(text, r) : onNumbers(text, r)),
]

export function mutated(text: string, r: Random): string {
  let result = text
  for (let n = 1 + r.below(3); n > 0; n--) result = r.pick(mutations)(result, r)
  return result
}

/** The head of one text and the tail of another. */
export function spliced(a: string, b: string, r: Random): string {
  const cut = (text: string): number => (r.once(2) ? r.below(text.length + 1) : text.indexOf('\n', r.below(text.length + 1)) + 1)
  return a.slice(0, cut(a)) + b.slice(cut(b))
}
