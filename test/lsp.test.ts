// The language server, asked as an editor asks: half-written pages are the normal case, and every feature answers in them.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import test, { after, before } from 'node:test'
import type { Diagnostic, Location } from 'vscode-languageserver/node'
import { Editor, edited, marked } from './helpers/editor.ts'

const PAPER = `use smdm
param size = 6M
data tales = text("tales.txt") { validation: 1% }
train base = smdm.pretrain {
  model:  smdm.preset(size) { context: 64, layers: 2 }
  data:   tales
  budget: 2000 steps
}
`
let editor: Editor
before(async () => {
  editor = await Editor.start({
    'tales.txt': 'Once upon a time. '.repeat(1000),
    'paper.smdm': PAPER,
    'ar.smdm': 'use "paper.smdm" as paper\ntrain ar = paper.base {}\n',
  })
})
after(async () => {
  assert.equal(await editor.close(), 0)
  await editor[Symbol.asyncDispose]()
})

/** A page with one training, into which `fields` are put, and `more` behind it. */
const page = (fields: string, more = ''): string => `${PAPER.replace('  budget', `${fields}\n  budget`)}${more}`
const words = (d: Diagnostic | undefined): string => (typeof d?.message === 'string' ? d.message : '')
const found = async (text: string) => (await editor.diagnostics('p.smdm', await editor.write('p.smdm', text))).map((d) => d.code)
const labels = async (text: string) => (await editor.complete('p.smdm', marked(text))).map((i) => i.label)

test('diagnostics: those of the command line, in a page that is being written', async () => {
  assert.deepEqual(await found(page('')), [])
  assert.deepEqual(await found(page('  sed: 3')), ['unknown-field'])
  assert.deepEqual(await found(page('  optimizer { warmup: 0.1')), ['unclosed-bracket'])
  const version = await editor.write('p.smdm', page('  seed: 3\n  batch: 5'))
  const [one, ...more] = await editor.diagnostics('p.smdm', version)
  assert.deepEqual(more, [])
  assert.deepEqual(one?.range, { start: { line: 7, character: 9 }, end: { line: 7, character: 10 } })
  assert.match(words(one), /5 what\?\n.*sequences/)
})

test('diagnostics follow what is typed, and what is not saved in another buffer', async () => {
  await editor.write('ar.smdm', 'use "paper.smdm" as paper\nsample s { from: paper.base }\n')
  const broken = await editor.write('paper.smdm', PAPER.replace('base', 'basis'))
  assert.deepEqual(await editor.diagnostics('paper.smdm', broken), [])
  const line = { start: { line: 1, character: 0 }, end: { line: 1, character: 6 } }
  const codes = await editor.diagnostics('ar.smdm', await editor.type('ar.smdm', line, 'sample'))
  assert.deepEqual(codes.map((d) => d.code), ['unknown-name']) // prettier-ignore
  await editor.write('paper.smdm', PAPER)
  assert.deepEqual(await editor.diagnostics('ar.smdm', await editor.type('ar.smdm', line, 'sample')), [])
})

test('diagnostics of WGSL come from the compiler of devices', async () => {
  const version = await editor.write('p.smdm', page('', 'op f(x) = wgsl "return y;"\n'))
  const [one, ...more] = await editor.diagnostics('p.smdm', version, (found) => found.length > 0)
  assert.deepEqual([one?.code, more], ['bad-wgsl', []])
  assert.deepEqual(one?.range, { start: { line: 9, character: 23 }, end: { line: 9, character: 24 } })
})

test('diagnostics of a file that is used are shown where the page caused them', async () => {
  const [one] = await editor.diagnostics('p.smdm', await editor.write('p.smdm', page('').replace('layers: 2', 'heads: 5')))
  assert.equal(one?.code, 'dimension-not-whole')
  assert.equal(one?.range.start.line, 4)
  assert.match(one?.relatedInformation?.[0]?.location.uri ?? '', /pipelines\/std\/attention\.smdm$/)
  assert.doesNotMatch(words(one), new RegExp(editor.folder))
})

test('hover on a field: meaning, units, default, value and the line it came from', async () => {
  const lr = await editor.hover('p.smdm', marked(page('  optimizer { l|r: 1e-3 }')))
  assert.match(lr, /\*\*lr\*\* of an optimizer/)
  assert.match(lr, /default `4e-4`/)
  assert.match(lr, /instead of `4e-4`, smdm\/pretrain\.smdm:\d+/)
  assert.match(lr, /optimizer\.lr +0\.001 +p\.smdm:7/)
  assert.match(
    await editor.hover('p.smdm', marked(page('').replace('budget', 'bud|get'))),
    /takes steps, tokens, sequences, epochs or flops/,
  )
  assert.match(await editor.hover('p.smdm', marked(page('').replace('layers', 'lay|ers'))), /of a model · `param layers {2}= 6`/)
})

test('hover on a field of a page with mistakes still says what it means', async () => {
  assert.match(await editor.hover('p.smdm', marked(page('  optimizer {\n    warm|up: 3 st'))), /\*\*warmup\*\* of an optimizer/)
})

test('hover on a stage: parameters, tokens, steps, memory, and every value with its origin', async () => {
  const text = await editor.hover('p.smdm', marked(page('', 'sample s { from: ba|se }')))
  for (const part of [/2\.10M parameters/, /2 000 steps = /, /activations 3 MiB a sequence/, /seed +3407 +smdm\/pretrain\.smdm:\d+/])
    assert.match(text, part)
})

test('hover on names: declaration and documentation, also of the library', async () => {
  assert.match(await editor.hover('p.smdm', marked(page('').replace('preset', 'pre|set'))), /A size of the family/)
  assert.match(await editor.hover('p.smdm', marked(page('').replace('text', 'te|xt'))), /One long text/)
  assert.match(await editor.hover('p.smdm', marked(page('').replace('train', 'tr|ain'))), /Leaves weights/)
  assert.equal(await editor.hover('p.smdm', marked(page('', '# no|thing'))), '')
})

const BLOCK = `use smdm
data tales = text("tales.txt")
block mix(x: [time, width]) -> [time, width] {
  param heads
  let head = width / heads
  weight W: [width, heads, head]
  y = sum[width](x * W)
  return x + sum[heads, head](y * W)
}
train t = smdm.pretrain {
  model:  transformer { context: 64, layers: 2, layer: mix }
  data:   tales
  budget: 10 steps
}
`
test('hover in a block: dimensions with their sizes, for the model of the page', async () => {
  assert.match(await editor.hover('p.smdm', marked(BLOCK.replace('y =', 'y| ='))), /`\[batch, time 64, heads 4, head 64\]`/)
  assert.match(await editor.hover('p.smdm', marked(BLOCK.replace('(x *', '(x| *'))), /`\[batch, time 64, width 256\]`/)
  assert.match(await editor.hover('p.smdm', marked(BLOCK.replace('head =', 'he|ad ='))), /`64`/)
})

test('completion: fields that are not given yet, in a record without an end', async () => {
  const fields = await labels(`${PAPER}train t = base {\n  seed: 3\n  op|`)
  assert.ok(fields.includes('optimizer') && fields.includes('batch'))
  assert.ok(!fields.includes('seed') && !fields.includes('lr'))
  const items = await editor.complete('p.smdm', marked(page('  b|')))
  assert.equal((items.find((i) => i.label === 'batch')?.textEdit as { newText: string }).newText, 'batch: ${1} ${2|sequences,tokens|}')
  assert.deepEqual(
    (await labels(page('').replace('layers: 2', '|'))).sort(),
    ['causal', 'groups', 'heads', 'hidden', 'layer', 'layers', 'width'].sort(),
  )
})

test('completion: words, makers and names of the right kind', async () => {
  assert.deepEqual(await labels(page('  optimizer { decay: | }')), ['cosine', 'linear', 'constant'])
  const data = await labels(page('', 'eval e { from: base, data: |'))
  assert.ok(data.includes('tales') && data.includes('text') && !data.includes('base') && !data.includes('smdm.pretrain'))
  const from = await labels(page('', 'sample s {\n  from: |\n}'))
  assert.ok(from.includes('base') && from.includes('checkpoint') && !from.includes('tales'))
  assert.deepEqual((await labels(page('', 'train u = smdm.|'))).sort(), ['finetune', 'pretrain', 'scripts'])
  assert.ok((await labels(page('').replace('preset(size)', 'preset(|'))).includes('170M'))
  const schedules = await labels(page('  objective { schedule: | }'))
  assert.ok(schedules.includes('cosine') && !schedules.includes('bound'))
})

test('completion: units, dimensions, kinds, libraries, files', async () => {
  assert.deepEqual(await labels(page('').replace('2000 steps', '2000 |')), ['tokens', 'steps', 'flops', 'sequences', 'epochs'])
  assert.deepEqual((await labels(BLOCK.replace('heads, head]\n', 'he|]\n'))).slice(0, 4), ['time', 'width', 'heads', 'head'])
  assert.ok((await labels(BLOCK.replace('return x', 'return |'))).includes('y'))
  assert.ok((await labels(`${PAPER}sa|`)).includes('sample'))
  assert.deepEqual(await labels('use |'), ['smdm'])
  assert.deepEqual((await labels('use "|')).filter((f) => f !== 'p.smdm').sort(), ['ar.smdm', 'paper.smdm'])
  assert.ok((await labels('data d = text("ta|')).includes('tales.txt'))
  assert.deepEqual(await labels('# a |'), [])
})

test('go to definition: across use, into the library, to the case of a family', async () => {
  const at = async (text: string): Promise<string> => {
    const place = await editor.definition('p.smdm', marked(text))
    return place === null ? 'nowhere' : `${place.uri.split('/').slice(-2).join('/')}:${place.range.start.line + 1}`
  }
  const folder = editor.folder.split('/').at(-1)
  assert.match(await at(page('', 'train u = smdm.pre|train {}')), /^smdm\/pretrain\.smdm:\d+$/)
  assert.match(await at(page('').replace('preset(size)', 'pre|set(19M)')), /^smdm\/sizes\.smdm:8$/)
  assert.equal(await at('use "paper.smdm" as paper\nsample s { from: paper.ba|se'), `${folder}/paper.smdm:4`)
  assert.equal(await at('use "pap|er.smdm" as paper'), `${folder}/paper.smdm:1`)
  assert.match(await at(page('').replace('layers', 'lay|ers')), /^std\/transformer\.smdm:\d+$/)
  assert.equal(await at(BLOCK.replace('(y * W)', '(y| * W)')), `${folder}/p.smdm:7`)
  assert.equal(await at(BLOCK.replace('sum[heads, head]', 'sum[heads, he|ad]')), `${folder}/p.smdm:5`)
  assert.equal(await at(page('  sed|: 3')), 'nowhere')
})

test('rename: everywhere the word means the same, in files that are not open too', async () => {
  const { changes = {} } = await editor.rename('paper.smdm', marked(PAPER.replace('base', 'ba|se')), 'whale')
  assert.equal(edited(PAPER, changes[editor.uri('paper.smdm')] ?? []), PAPER.replace('base', 'whale'))
  await editor.write('ar.smdm', '')
  writeFileSync(join(editor.folder, 'later.smdm'), 'use "paper.smdm" as paper\nlet base = 1\ntrain ar = paper.base { seed: base }\n')
  const more = await editor.rename('paper.smdm', marked(PAPER.replace('base', 'ba|se')), 'whale')
  assert.deepEqual(more.changes?.[editor.uri('later.smdm')]?.map((e) => e.range.start), [{ line: 2, character: 17 }]) // prettier-ignore
  const inBlock = await editor.rename('p.smdm', marked(BLOCK.replace('let head', 'let he|ad')), 'depth')
  assert.equal(edited(BLOCK, inBlock.changes?.[editor.uri('p.smdm')] ?? []), BLOCK.replaceAll(/\bhead\b/g, 'depth'))
})

test('rename keeps primes, and renames a param with the fields that set it', async () => {
  const op = "op shift(x: [time]) -> [time] = sum[time'](x[ti|me'] * x)\n"
  const { changes } = await editor.rename('p.smdm', marked(op), 't')
  assert.equal(edited(op.replace('|', ''), changes?.[editor.uri('p.smdm')] ?? []), "op shift(x: [t]) -> [t] = sum[t'](x[t'] * x)\n")
  const own =
    'block net(tokens: symbols[time]) -> [time, vocab] {\n  param vocab\n  param dep|th = 3\n  return tokens\n}\nmodel m = net { depth: 4 }\n'
  const renamed = await editor.rename('p.smdm', marked(own), 'levels')
  assert.equal(
    edited(own.replace('|', ''), renamed.changes?.[editor.uri('p.smdm')] ?? []),
    own.replace('|', '').replaceAll('depth', 'levels'),
  )
})

test('rename refuses what would break: library names, inherited values, words that are taken', async () => {
  const refused = (text: string, name = 'other') => editor.rename('p.smdm', marked(text), name)
  await assert.rejects(refused(page('').replace('preset', 'pre|set')), /belongs to the library smdm\/sizes\.smdm/)
  await assert.rejects(refused(BLOCK.replace('param heads', 'param hea|ds')), /takes the value of its caller/)
  await assert.rejects(refused(page('').replace('param size', 'param si|ze'), 'let'), /reserved word/)
  await assert.rejects(refused(page('').replace('param size', 'param si|ze'), '2x'), /not a name/)
  await assert.rejects(refused(page('').replace('param size', 'param si|ze'), 'tales'), /there is a `tales` already/)
  await assert.rejects(refused(BLOCK.replace('let head', 'let he|ad'), 'y'), /there is a `y` already/)
  const provider =
    'use smdm\nblock net(x: [time, width]) -> [time, width] {\n  param hea|ds = 4\n  param groups = 4\n  return attention(x)\n}\n'
  await assert.rejects(refused(provider), /`heads` is inherited by `attention`/)
  await assert.rejects(refused(page('  see|d: 3')), /nothing here can be renamed/)
})

test('references: all mentions, the declaration among them', async () => {
  const places = await editor.references(
    'p.smdm',
    marked(page('', 'eval e { from: base, data: tales.validation }').replace('data tales', 'data ta|les')),
  )
  assert.deepEqual(places.map((p) => p.range.start.line), [2, 5, 9]) // prettier-ignore
})

test('formatting: the layout of smdmc fmt; a page with a syntax error is left alone', async () => {
  const text = 'let   a=3\n'
  assert.equal(edited(text, await editor.format('p.smdm', text)), 'let a = 3\n')
  assert.deepEqual(await editor.format('p.smdm', 'let a = 3\n'), [])
  assert.deepEqual(await editor.format('p.smdm', 'let   a=(3\n'), [])
})

test('quick fixes: a misspelt word, a missing unit, and they cure', async () => {
  for (const [wrong, right] of [
    ['  s|ed: 3', '  seed: 3'],
    ['  batch: |5', '  batch: 5 sequences'],
    ['  precision: f3|3', '  precision: f32'],
  ] as const) {
    const [fix] = await editor.fixes('p.smdm', marked(page(wrong)))
    assert.equal(edited(page(wrong.replace('|', '')), fix?.edit?.changes?.[editor.uri('p.smdm')] ?? []), page(right))
  }
})

test('a file of the library can be looked at', async () => {
  const at = pathToFileURL(join(import.meta.dirname, '..', 'pipelines', 'std', 'attention.smdm')).href
  const text = readFileSync(fileURLToPath(at), 'utf8')
  await editor.request('textDocument/hover', { textDocument: { uri: at }, position: { line: 0, character: 0 } })
  const { at: position } = marked(text.replace('rope(sum', 'ro|pe(sum'))
  const place = await editor.request<Location>('textDocument/definition', { textDocument: { uri: at }, position })
  assert.equal(place.uri, at)
  assert.match(text.split('\n')[place.range.start.line] ?? '', /^op rope/)
})

test('whatever is cut off, every request is answered', async () => {
  for (let end = 0; end < BLOCK.length; end += 23) {
    const cut = { text: BLOCK.slice(0, end), at: marked(`${BLOCK.slice(0, end)}|`).at }
    await editor.complete('p.smdm', cut)
    await editor.hover('p.smdm', cut)
    await editor.definition('p.smdm', cut)
  }
})
