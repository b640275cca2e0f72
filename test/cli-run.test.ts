// `smdmc run` as a process, on both backends: lines, JSON, results that are found again, and the same bits each time.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { openSafetensors } from '../runtime/checkpoint/safetensors.ts'
import { Folder, pageText, results, type Line, type Outcome } from './helpers/cli.ts'

const kindsOf = (lines: readonly Line[]): readonly string[] => [...new Set(lines.map((l) => l.kind))]
const statesOf = (lines: readonly Line[]): readonly string[] => lines.flatMap((l) => (l.kind === 'stage' ? [l.state] : []))

function passed({ code, stderr, lines }: Outcome): readonly Line[] {
  assert.equal(code, 0, stderr)
  return lines
}

/** All floats of a model, weight after weight. */
async function weights(folder: Folder, store: string): Promise<Float32Array> {
  const [model] = [...results(join(folder.path, store)).keys()].filter((f) => f.endsWith('.safetensors'))
  await using file = await openSafetensors(join(folder.path, store, model!))
  const all: number[] = []
  for (const { name } of file.tensors) all.push(...(await file.read(name)))
  return Float32Array.from(all)
}

for (const device of ['cpu', 'software']) {
  test(`${device}: a run, the same again elsewhere, and once more from the store`, async () => {
    using folder = new Folder()
    const [first, second] = await Promise.all(
      ['a', 'b'].map((s) => folder.run('run', 'page.smdm', '--device', device, '--store', s, '--json')),
    )
    const lines = passed(first!)
    assert.deepEqual(kindsOf(lines), [
      'run',
      'note',
      'stage',
      'step',
      'checkpoint',
      'validation',
      'done',
      'unmask',
      'sampled',
      'progress',
      'metric',
    ])
    assert.deepEqual(statesOf(lines), ['new', 'new', 'new'])
    assert.deepEqual(
      lines.flatMap((l) => (l.kind === 'step' ? [l.step] : [])),
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
    )
    assert.equal(first!.stdout.split('\n').filter((l) => l !== '').length, lines.length, 'nothing but JSON')
    assert.equal(first!.stderr, '')
    passed(second!)
    const kept = results(join(folder.path, 'a'))
    assert.equal(kept.size, 3)
    assert.deepEqual(results(join(folder.path, 'b')), kept, 'the same page gives the same bits')
    assert.ok(existsSync(join(folder.path, 'runs', 'page', 'tiny', 'model.safetensors')))

    const third = passed(await folder.run('run', 'page.smdm', '--device', device, '--store', 'a', '--json'))
    assert.deepEqual(statesOf(third), ['cached', 'cached', 'cached'])
    assert.deepEqual(kindsOf(third), ['run', 'stage', 'done', 'sampled', 'metric'])
    assert.deepEqual(results(join(folder.path, 'a')), kept)
  })

  test(`${device}: a weight that nothing reads is trained, kept and in nobody's way`, async () => {
    const idle = 'block idle(x: [time, width]) -> [time, width] {\n  weight unread: [width]\n  return prenorm(x)\n}\n'
    using folder = new Folder(pageText({ steps: '3 steps' }).replace('context: 16', 'context: 16, layer: idle') + idle)
    const lines = passed(await folder.run('run', 'page.smdm', '--device', device, '--json'))
    assert.equal(lines.filter((l) => l.kind === 'done').length, 3)
  })

  test(`${device}: --micro changes results by rounding only`, async () => {
    using folder = new Folder(pageText({ steps: '3 steps' }))
    const outcomes = await Promise.all(
      ['4', '1'].map((micro) => folder.run('run', 'page.smdm', 'tiny', '--device', device, '--micro', micro, '--store', micro)),
    )
    outcomes.forEach(passed)
    const [whole, split] = [await weights(folder, '4'), await weights(folder, '1')]
    assert.equal(whole.length, split.length)
    const apart = whole.reduce((most, w, i) => Math.max(most, Math.abs(w - split[i]!)), 0)
    assert.ok(apart > 0, 'the batch was not split')
    assert.ok(apart < 1e-4, `weights differ by ${apart}`)
  })
}

test('without a terminal a run is plain lines', async () => {
  using folder = new Folder()
  const first = await folder.run('run', 'page.smdm', 'story', '--device', 'cpu')
  assert.equal(first.code, 0, first.stderr)
  assert.equal(first.stdout.includes('\u001b'), false, 'no escape codes')
  const words = first.stdout.split('\n')
  assert.match(words[0]!, /^on .*threads?$/)
  assert.match(words[1]!, /^ {2}train tiny \[[0-9a-f]{12}\] new$/)
  assert.ok(
    words.some((l) => /^tiny 12\/12 {2}loss \d\.\d{4} {2}.*tok\/s {2}.*FLOP\/s {2}.*KiB .*left$/.test(l)),
    first.stdout,
  )
  assert.ok(words.some((l) => /^tiny 12: held-out bound \d\.\d+ ± \d\.\d+ nats per token \(unigram entropy \d\.\d+\)$/.test(l)))
  assert.ok(words.includes('— story, sample 2 (6 forwards)'))
  assert.equal(first.stdout.includes('bound:'), false, 'a stage that was not asked for')
  const again = await folder.run('run', 'page.smdm', 'story', '--device', 'cpu')
  assert.match(again.stdout, /^tiny: cached, 12 steps, in .smdmc\/store\/[0-9a-f]{12}$/m)
})

test('--set sets a param, and another value is another result', async () => {
  using folder = new Folder(pageText({ steps: '2 steps' }))
  const [narrow, wide] = await Promise.all(
    [[], ['--set', 'width=32']].map((set) =>
      folder.run('run', 'page.smdm', 'tiny', '--device', 'cpu', '--json', '--store', `s${set.length}`, ...set),
    ),
  )
  const key = (o: Outcome): string => passed(o).flatMap((l) => (l.kind === 'run' ? [l.stages[0]!.key] : []))[0]!
  assert.notEqual(key(narrow!), key(wide!))
  assert.equal((await weights(folder, 's0')).length < (await weights(folder, 's2')).length, true)
})
