// Texts nobody would write: parse() answers every one, and whatever it accepts survives formatting.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Module } from '../grammar/ast.ts'
import { format } from '../grammar/format.ts'
import { render } from '../grammar/frame.ts'
import { parse, parseExpression } from '../grammar/parse.ts'
import { reserved } from '../grammar/words.ts'
import { bare, commentsOf, programs, source } from './helpers/grammar.ts'

const seed = 20250101

const rank: Readonly<Record<string, number>> = { use: 0, param: 1 }

/** The tree with its declarations in the formatter's order. */
function arranged(module: Module): unknown {
  return bare(module.items.toSorted((a, b) => (rank[a.kind] ?? 2) - (rank[b.kind] ?? 2)))
}

/** Formats what parses cleanly and checks that it still says the same. Returns whether it did parse. */
function survives(text: string): boolean {
  const { module, diagnostics } = parse(source(text))
  for (const d of diagnostics) {
    assert.ok(d.span.start >= 0 && d.span.start <= d.span.end && d.span.end <= text.length, d.message)
    assert.doesNotMatch(render(d), /undefined|NaN/)
  }
  if (diagnostics.length > 0) return false
  const result = format(module)
  const again = parse(source(result))
  assert.deepEqual(again.diagnostics, [], result)
  assert.deepEqual(arranged(again.module), arranged(module))
  assert.deepEqual(commentsOf(again.module), commentsOf(module))
  assert.equal(format(again.module), result)
  return true
}

const marks = ['->', '==', '<=', '<', '=', '+', '-', '*', '^', ':', ',', '.', '~', '(', ')', '[', ']', '{', '}', '\n', '# c\n', '"', '"""']
const soup = fc.array(
  fc.constantFrom(...reserved, ...marks, 'x', "t'", 'train', '6', '2 steps', '6m', '1%', '"s"', ';', '\\', 'é', '\r\n'),
  {
    maxLength: 60,
  },
)

test('token soup', () => {
  fc.assert(
    fc.property(soup, fc.constantFrom('', ' '), (words, glue) => {
      survives(words.join(glue))
      parseExpression(source(words.join(glue)))
    }),
    { seed, numRuns: 100 },
  )
})

test('any characters at all', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
      survives(text)
    }),
    { seed, numRuns: 100 },
  )
})

test('programs with a piece cut out, doubled or moved', () => {
  const place = fc.nat({ max: 4000 })
  let clean = 0
  fc.assert(
    fc.property(fc.constantFrom(...programs), place, fc.nat({ max: 30 }), place, (program, at, length, to) => {
      const { text } = program
      const start = at % text.length
      const piece = text.slice(start, start + length)
      const without = text.slice(0, start) + text.slice(start + length)
      const target = to % (without.length + 1)
      for (const mutant of [without, without.slice(0, target) + piece + without.slice(target), text.slice(0, start)]) {
        if (survives(mutant)) clean++
      }
    }),
    { seed, numRuns: 40 },
  )
  assert.ok(clean > 10, `${clean} mutants parsed`)
})

// A generator that follows the grammar. A piece is a row of words; `glued` decides what stands between them.
type Piece = readonly string[]
const row = (...parts: fc.Arbitrary<Piece>[]): fc.Arbitrary<Piece> => fc.tuple(...parts).map((pieces) => pieces.flat())
const word = (...words: string[]): fc.Arbitrary<Piece> => fc.constantFrom(...words).map((w) => [w])
const separated = (item: fc.Arbitrary<Piece>, minLength: number): fc.Arbitrary<Piece> =>
  fc.array(item, { minLength, maxLength: 3 }).map((items) => items.flatMap((piece, i) => (i === 0 ? piece : [',', ...piece])))
const many = (item: fc.Arbitrary<Piece>): fc.Arbitrary<Piece> => fc.array(item, { maxLength: 3 }).map((items) => items.flat())
const maybe = (piece: fc.Arbitrary<Piece>): fc.Arbitrary<Piece> => fc.oneof(fc.constant([]), piece)

const name = word('x', 'width', 'a_long_name_of_something', "time'", 'steps', 'm')
const anyName = fc.oneof(name, word('if', 'mod', 'use', 'grad'))
const dims = row(word('['), separated(name, 1), word(']'))
const type = fc.oneof(dims, name, row(name, dims))

const { expr, record } = fc.letrec<{ expr: Piece; record: Piece }>((tie) => {
  const inner = tie('expr')
  const leaf = fc.oneof(name, word('1', '2_048', '10e18 flops', '6M', '5%', '"a\\n"', 'true', 'wgsl "x"', '"""a\n b"""'))
  const primary = fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    row(word('('), inner, word(')')),
    row(word('['), separated(inner, 0), word(']')),
    row(name, word('('), separated(fc.oneof(inner, row(name, word(':'), inner)), 0), word(')')),
    row(name, word('['), separated(fc.oneof(name, row(name, word(':'), inner)), 1), word(']')),
    row(name, word('.'), anyName),
    row(name, tie('record')),
  )
  const unary = fc.oneof(primary, row(word('-'), primary))
  return {
    record: row(word('{'), many(row(anyName, fc.oneof(row(word(':'), inner), tie('record')), maybe(word(',')))), word('}')),
    expr: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      unary,
      row(unary, word('+', '-', '*', '/', 'mod', '^', 'and', 'or', '=='), primary, word('+', '*', 'and'), unary),
      row(word('if'), inner, word('then'), inner, word('else'), inner),
      row(word('not'), primary),
    ),
  }
})

const binding = row(name, maybe(row(word(':'), type)), word('='), expr)
const statement = fc.oneof(
  binding,
  row(word('let'), binding),
  row(word('param'), name),
  row(word('weight'), separated(name, 1), word(':'), type, maybe(row(word('~'), expr))),
  row(word('repeat'), fc.oneof(name, word('3')), word('{'), binding, word('}')),
  row(word('return'), expr),
)
const body = row(word('{'), many(statement), word('}'))
const formals = row(word('('), separated(row(name, maybe(row(word(':'), type)), maybe(row(word('='), expr))), 0), word(')'))
const declaration = fc.oneof(
  row(word('use'), fc.oneof(name, word('"f.smdm"')), maybe(row(word('as'), name))),
  row(word('let', 'param'), binding),
  row(name, name, maybe(word('(6M)', '("k")')), fc.oneof(record, row(word('='), expr))),
  row(word('op'), name, maybe(dims), formals, maybe(row(word('->'), type)), fc.oneof(body, row(word('='), expr))),
  row(word('op'), name, formals, word('='), expr, word('grad'), word('('), name, word(')'), record),
  row(word('block'), name, maybe(dims), formals, word('->'), type, body),
)
const program = fc.array(declaration, { maxLength: 6 }).map((items) => items.flat())

test('programs made by the grammar, in any layout', () => {
  const blanks = fc.infiniteStream(fc.constantFrom(' ', ' ', ' ', '\n', '\n\n\n', ' # note\n', '\n## doc\n'))
  fc.assert(
    fc.property(program, blanks, (words, between) => {
      const text = words.map((w, i) => {
        const blank = String(between.next().value)
        // After a number a word on the same line would be its unit.
        return w + (/^\d/.test(w) && /^[a-z]/.test(words[i + 1] ?? '') && blank === ' ' ? '\n' : blank)
      })
      assert.ok(survives(text.join('')), text.join(''))
    }),
    { seed, numRuns: 100 },
  )
})
