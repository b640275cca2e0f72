// YAML of random programs gives the programs again, and no text of YAML, however broken, throws or is answered beside itself.
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { readYaml } from '../compiler/yaml/read.ts'
import { formatYaml, writeYaml } from '../compiler/yaml/write.ts'
import { format } from '../grammar/format.ts'
import { render } from '../grammar/frame.ts'
import { parse } from '../grammar/parse.ts'
import { bare, commentsOf, programs, source } from './helpers/grammar.ts'
import { randomProgram } from './helpers/random-program.ts'

const seed = 20250202

test('random programs go to YAML and back; canonical YAML goes to a page and back', () => {
  let tried = 0
  fc.assert(
    fc.property(randomProgram, (text) => {
      const { module, diagnostics } = parse(source(text))
      if (diagnostics.length > 0) return
      tried++
      const back = readYaml({ name: 'page.yaml', text: writeYaml(module) })
      assert.deepEqual(back.diagnostics, [])
      assert.deepEqual(bare(back.module), bare(module))
      assert.deepEqual(commentsOf(back.module), commentsOf(module))
      const canonical = formatYaml(module)
      const again = readYaml({ name: 'page.yaml', text: canonical }).module
      assert.equal(writeYaml(parse(source(format(again))).module), canonical)
    }),
    { seed, numRuns: 150 },
  )
  assert.ok(tried > 100, `${tried} programs parsed`)
})

/** Reads a text; what reads cleanly must keep its canonical layout. */
function survives(text: string, name = 'page.yaml'): boolean {
  const { module, diagnostics } = readYaml({ name, text })
  for (const d of diagnostics) {
    assert.ok(d.span.start >= 0 && d.span.start <= d.span.end && d.span.end <= d.span.source.text.length, d.message)
    assert.doesNotMatch(render(d).split('\n')[0]!, /undefined|NaN/)
  }
  if (diagnostics.length > 0) return false
  const canonical = formatYaml(module)
  const again = readYaml({ name: 'page.yaml', text: canonical })
  assert.deepEqual(again.diagnostics, [], canonical)
  assert.equal(formatYaml(again.module), canonical)
  return true
}

test('pages with a piece cut out, doubled or moved', () => {
  const texts = programs.filter(({ name }) => name.startsWith('examples/')).map((program) => writeYaml(parse(program).module))
  const place = fc.nat({ max: 4000 })
  let clean = 0
  fc.assert(
    fc.property(fc.constantFrom(...texts), place, fc.nat({ max: 30 }), place, fc.boolean(), (text, at, length, to, json) => {
      const start = at % text.length
      const piece = text.slice(start, start + length)
      const without = text.slice(0, start) + text.slice(start + length)
      const target = to % (without.length + 1)
      for (const mutant of [without, without.slice(0, target) + piece + without.slice(target), text.slice(0, start)]) {
        if (survives(mutant, json ? 'page.json' : 'page.yaml')) clean++
      }
    }),
    { seed, numRuns: 40 },
  )
  assert.ok(clean > 10, `${clean} mutants read`)
})

test('soup of YAML', () => {
  const words = ['a', 'is', 'train t', 'op f', 'let x', ': ', ':', '\n', '\n  ', '- ', '[', ']', '{', '}', ',', '"', "'", '|', '>', ' # c']
  const marks = ['&a ', '*a', '!t ', '? ', '\t', '6 steps', '(', ')', '---', '<<', '%', '\r\n', 'é', '\\', '']
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...words, ...marks), { maxLength: 40 }), (soup) => {
      survives(soup.join(''))
    }),
    { seed, numRuns: 300 },
  )
})
