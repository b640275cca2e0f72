// Events folded into what a screen shows: rates of this process alone, bounded size, and words for logs.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { RunEvent } from '../runtime/events.ts'
import { braille } from '../cli/ui/chart.ts'
import { jsonLine, lineScreen, plainLine } from '../cli/ui/lines.ts'
import { bytes, duration, printable, si } from '../cli/ui/numbers.ts'
import { fold, initial, pace, type UiState } from '../cli/ui/state.ts'
import { describe } from '../cli/ui/words.ts'
import { events, head, stepEvent } from './helpers/events.ts'

const after = (list: readonly RunEvent[]): UiState => list.reduce(fold, initial)

test('the rate is that of this process, also after a resume', () => {
  // Taken up at step 900; the first step takes 5 seconds to warm up, the others a tenth.
  const steps = [901, 911, 921].map((step, i) => stepEvent({ step, total: 1000, seconds: 5 + i }))
  const { progress } = after([head, events.stage('resumed', 1000), ...steps])
  const { rate, left } = pace(progress!)!
  assert.equal(rate, 10)
  assert.ok(Math.abs(left - 7.9) < 1e-9)
})

test('one report tells no rate, and an evaluation that goes on counts only what it scored itself', () => {
  const at = (done: number, seconds: number): RunEvent => ({ kind: 'progress', stage: 'tiny', done, total: 100, seconds })
  assert.equal(pace(after([head, events.stage('new', 100), at(40, 2)]).progress!), undefined)
  assert.equal(pace(after([head, events.stage('new', 100), at(40, 2), at(60, 4)]).progress!)!.rate, 10)
})

test('losses stay bounded, evenly spread, with their mean', () => {
  const steps = Array.from({ length: 20_000 }, (_, i) => stepEvent({ step: i + 1, total: 20_000, loss: i % 2 }))
  const { losses } = after([head, events.stage('new', 20_000), ...steps])
  assert.ok(losses.length <= 1024 && losses.length > 256, `${losses.length}`)
  const gaps = losses.slice(1, -1).map((p, i) => p.step - losses[i]!.step)
  assert.deepEqual([...new Set(gaps)], [32])
  assert.equal(losses.at(-1)!.step, 20_000)
  assert.ok(Math.abs(losses.reduce((sum, p) => sum + p.loss, 0) / losses.length - 0.5) < 0.01)
})

test('stages go from waiting to done, stopped or failed', () => {
  const status = (list: readonly RunEvent[]): string =>
    after(list)
      .stages.map((s) => `${s.stage} ${s.status}`)
      .join(', ')
  const begun = [head, events.stage('new', 10)]
  assert.equal(status([head]), 'old done, tiny waiting, story waiting')
  assert.equal(status(begun), 'old done, tiny running, story waiting')
  assert.equal(status([...begun, events.done]), 'old done, tiny done, story waiting')
  assert.equal(status([...begun, events.stopped]), 'old done, tiny stopped, story waiting')
  assert.equal(status([...begun, events.failed]), 'old done, tiny failed, story waiting')
  const { progress, step, note } = after([...begun, stepEvent({}), events.note, events.stopped])
  assert.deepEqual([progress, step, note], [undefined, undefined, undefined], 'nothing is under way at the end')
})

test('of a batch of samples the first is looked at, with what has just been revealed', () => {
  const look = (sample: number, pieces: readonly (string | null)[]): RunEvent => ({
    kind: 'unmask',
    stage: 'story',
    sample,
    step: 1,
    total: 3,
    pieces,
  })
  const state = after([look(0, [null, null, 'c']), look(1, ['x', null, null]), look(0, ['a', null, 'c'])])
  assert.equal(state.preview!.sample, 0)
  assert.deepEqual([...state.preview!.fresh], [0])
  assert.equal(fold(state, events.sampled).preview, undefined)
})

test('a curve has its first value at the left, its lowest at the bottom and no gap between', () => {
  const points = [0, 1, 2, 3].map((x) => ({ x, y: 3 - x }))
  const { rows, low, high } = braille(points, 4, 2)
  assert.deepEqual([low, high], [0, 3])
  assert.deepEqual(
    rows.map((r) => r.length),
    [4, 4],
  )
  assert.equal(rows[0]![0]! > '\u2800', true)
  assert.equal(rows[1]!.at(-1)! > '\u2800', true)
  for (let x = 0; x < 4; x++)
    assert.ok(
      rows.some((r) => r[x]! > '\u2800'),
      `column ${x} is empty`,
    )
  assert.deepEqual(braille([{ x: 5, y: 1 }], 2, 1).rows, ['⠄⠀'])
  assert.deepEqual(braille([], 2, 1).rows, ['⠀⠀'])
})

test('numbers are written with three digits and the right unit', () => {
  assert.deepEqual([0, 12.34, 999.6, 1000, 1234567, 4.2e15].map(si), ['0.00 ', '12.3 ', '1.00 k', '1.00 k', '1.23 M', '4.20 P'])
  assert.deepEqual([0, 1023, 1024, 17.5 * 2 ** 20].map(bytes), ['0 B', '1023 B', '1.0 KiB', '17.5 MiB'])
  assert.deepEqual([0.4, 59.6, 185, 3720].map(duration), ['0s', '1min 00s', '3min 05s', '1h 02min'])
})

test('what a model writes cannot steer the terminal', () => {
  const text = describe({ kind: 'sampled', stage: 'story', sample: 0, text: 'a\u001b[2Jb\rc\u009bd\ttab\nline', forwards: 3 })
  assert.equal(text, '— story, sample 1 (3 forwards)\na�[2Jb�c�d\ttab\nline')
  assert.equal(printable('\u0007bell'), '�bell')
})

test('a number that is not known is left out, not printed as NaN', () => {
  const metric: RunEvent = {
    kind: 'metric',
    stage: 'bound',
    name: 'likelihood',
    value: 2.5,
    error: NaN,
    unit: 'nats per byte',
    notes: ['exact'],
  }
  assert.equal(describe(metric), 'bound: likelihood 2.5000 nats per byte\n  exact')
})

test('a log has a line for what matters and says nothing twice; JSON has every event', () => {
  const all: readonly RunEvent[] = [
    head,
    { ...events.stage('cached', 10), stage: 'old' },
    { ...events.done, stage: 'old' },
    events.stage('new', 10),
    events.note,
    stepEvent({ step: 1, seconds: 1 }),
    stepEvent({ step: 6, seconds: 2 }),
    { kind: 'checkpoint', stage: 'tiny', step: 6, path: 'somewhere' },
    events.stopped,
  ]
  const written = (line: typeof plainLine): readonly string[] => {
    const out: string[] = []
    const screen = lineScreen({ write: (text: string) => out.push(text) > 0 } as NodeJS.WritableStream, line)
    all.forEach((e) => screen.show(e))
    screen.close()
    return out.join('').trimEnd().split('\n')
  }
  assert.deepEqual(written(plainLine), [
    'on a device',
    '  train old [000000000000] cached',
    '  train tiny [111111111111] new',
    '  sample story [222222222222] new',
    'old: cached, 10 steps, in store/tiny',
    'tiny: new, 10 steps, in store/tiny',
    'tiny: reading data',
    'tiny 1/10  loss 2.0000  1.00 ktok/s  2.00 MFLOP/s  1.0 KiB  norm 1.00  lr 1.00e-3',
    'tiny 6/10  loss 2.0000  1.00 ktok/s  2.00 MFLOP/s  1.0 KiB  norm 1.00  lr 1.00e-3  1s left',
    'tiny: stopped at 6 of 10; run the same command again to go on',
  ])
  assert.deepEqual(
    written(jsonLine).map((l) => JSON.parse(l) as RunEvent),
    all,
  )
})
