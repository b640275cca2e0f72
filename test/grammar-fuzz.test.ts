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
import { randomProgram, relaidProgram } from './helpers/random-program.ts'

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

test('programs made by the grammar', () => {
  let tried = 0
  fc.assert(
    fc.property(randomProgram, (text) => {
      if (survives(text)) tried++
    }),
    { seed, numRuns: 400 },
  )
  assert.ok(tried > 300, `${tried} programs parsed`)
})

test('the same in any layout', () => {
  let tried = 0
  fc.assert(
    fc.property(relaidProgram, (text) => {
      if (survives(text)) tried++
    }),
    { seed, numRuns: 400 },
  )
  assert.ok(tried > 300, `${tried} programs parsed`)
})
