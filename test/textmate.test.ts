// The TextMate grammar: fresh, of patterns that Oniguruma reads, and with the right scopes on lines of every sort.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import test from 'node:test'
import oniguruma from 'vscode-oniguruma'
import textmate, { type IGrammar } from 'vscode-textmate'
import { textmateGrammar } from '../grammar/textmate.ts'
import { reserved } from '../grammar/words.ts'

const root = join(import.meta.dirname, '..')
const path = join(root, 'editor', 'vscode', 'syntaxes', 'smdm.tmLanguage.json')

async function load(): Promise<IGrammar> {
  await oniguruma.loadWASM(readFileSync(createRequire(import.meta.url).resolve('vscode-oniguruma/release/onig.wasm')))
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (sources) => new oniguruma.OnigScanner(sources),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: (scope) => Promise.resolve(scope === 'source.smdm' ? textmate.parseRawGrammar(readFileSync(path, 'utf8'), path) : null),
  })
  return (await registry.loadGrammar('source.smdm')) ?? assert.fail('no grammar')
}
const grammar = await load()

/** The innermost scope of each piece of a text that has one. */
function scopes(text: string): readonly string[] {
  let state = textmate.INITIAL
  return text.split('\n').flatMap((line) => {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, state)
    state = ruleStack
    return tokens.flatMap(({ startIndex, endIndex, scopes: all }) => {
      const scope = all.at(-1)!.replace(/\.smdm$/, '')
      const piece = line.slice(startIndex, endIndex)
      return scope === 'source' || piece.trim() === '' ? [] : [`${piece.trim()} ${scope}`]
    })
  })
}

test('the generated file is fresh: node --import tsx scripts/generate-textmate.ts', () => {
  assert.deepEqual(JSON.parse(readFileSync(path, 'utf8')), JSON.parse(JSON.stringify(textmateGrammar())))
})

const LINES: readonly (readonly [text: string, ...scopes: string[]])[] = [
  ['## doc', '## doc comment.line.documentation'],
  ['seed: 3 # why', 'seed variable.other.property', '3 constant.numeric', '# why comment.line.number-sign'],
  ['use smdm', 'use keyword.control.import'],
  ['train whale = smdm.pretrain {', 'train storage.type.kind', 'whale entity.name.type', '= keyword.operator'],
  ['model preset(170M) = net', 'model storage.type.kind', 'preset entity.name.type', '170 constant.numeric', 'M keyword.other.unit', '= keyword.operator'],
  ['  budget: 10e18 flops', 'budget variable.other.property', '10e18 constant.numeric', 'flops keyword.other.unit'],
  ['  warmup: max(1%, 100 steps)', 'warmup variable.other.property', 'max entity.name.function', '1 constant.numeric', '% keyword.other.unit', '100 constant.numeric', 'steps keyword.other.unit'],
  ['  repeat: true', 'repeat variable.other.property', 'true constant.language'],
  ['  prompt: "a\\n {col} {{"', 'prompt variable.other.property', '" string.quoted.double', 'a string.quoted.double', '\\n constant.character.escape', '{col} variable.other.template', '{{ constant.character.escape', '" string.quoted.double'],
  ['let x = "open\nseed: 1', 'let storage.type', 'x variable.other.constant', '= keyword.operator', '" string.quoted.double', 'open string.quoted.double', 'seed variable.other.property', '1 constant.numeric'],
  ['op rope(x: [time], base = 2) = x', 'op storage.type', 'rope entity.name.function', 'x variable.other.property', 'time variable.parameter.dimension', '= keyword.operator', '2 constant.numeric', '= keyword.operator'],
  ["  score = sum[head](q * k[time'])", '= keyword.operator', 'head variable.parameter.dimension', '* keyword.operator', "time' variable.parameter.dimension"],
  ['  weight Wk, Wv: [width, head] ~ normal(1)', 'weight storage.type', 'Wk variable.other.constant', 'Wv variable.other.property', 'width variable.parameter.dimension', 'head variable.parameter.dimension', '~ keyword.operator', 'normal entity.name.function', '1 constant.numeric'],
  ['op f(x) = wgsl """\nreturn x; # no comment\n"""', 'op storage.type', 'f entity.name.function', '= keyword.operator', 'wgsl keyword.control', '""" punctuation.definition.string.begin', 'return x; # no comment meta.embedded.block.wgsl', '""" punctuation.definition.string.end'],
  ['  y = if causal and not a then -inf else x mod 2', '= keyword.operator', 'if keyword.control', 'and keyword.operator.word', 'not keyword.operator.word', 'then keyword.control', '- keyword.operator', 'else keyword.control', 'mod keyword.operator.word', '2 constant.numeric'],
] // prettier-ignore

for (const [text, ...expected] of LINES) {
  test(JSON.stringify(text), () => {
    assert.deepEqual(scopes(text), expected)
  })
}

test('each reserved word is coloured as one, and no name that begins or ends like it', () => {
  for (const word of reserved) {
    assert.match(scopes(` ${word} `)[0] ?? '', new RegExp(`^${word} (keyword|storage|constant)`))
    assert.deepEqual(scopes(` ${word}s x${word} `), [])
  }
})

test('every line of the library is read to its end, and nothing stays open', () => {
  for (const folder of ['std', 'smdm']) {
    for (const file of readdirSync(join(root, 'pipelines', folder))) {
      const found = scopes(`${readFileSync(join(root, 'pipelines', folder, file), 'utf8')}\nseed: 1`)
      assert.deepEqual(found.slice(-2), ['seed variable.other.property', '1 constant.numeric'], file)
    }
  }
})
