// Frames of the screen, as text: every part is there when it should be, fits the terminal, and leaves a tidy end.
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import test from 'node:test'
import { cleanup, render } from 'ink-testing-library'
import { App } from '../cli/ui/app.tsx'
import { inkScreen } from '../cli/ui/screen.ts'
import { fold, initial, type UiState } from '../cli/ui/state.ts'
import type { RunEvent } from '../runtime/events.ts'
import { events, head, stepEvent } from './helpers/events.ts'

const after = (list: readonly RunEvent[]): UiState => list.reduce(fold, initial)
const training = [head, events.stage('new', 10), stepEvent({ step: 1, seconds: 1, loss: 5 }), stepEvent({ step: 6, seconds: 2, loss: 2.5 })]

/** Lines of one frame, without blanks at their ends. The test's terminal is 100 columns wide, whatever `columns` says. */
function frame(list: readonly RunEvent[], columns = 100, rows = 40): readonly string[] {
  const { lastFrame } = render(<App state={after(list)} columns={columns} rows={rows} />)
  const text = lastFrame() ?? ''
  cleanup()
  return text.split('\n').map((l) => l.trimEnd())
}

test('while it trains: stages, curve, progress with rate and time left, speed, device, memory', () => {
  const lines = frame(training)
  assert.deepEqual(lines.slice(0, 5), [
    '',
    'smdmc on a device',
    '✓ train old [000000000000] cached',
    '▸ train tiny [111111111111] new',
    '· sample story [222222222222] new',
  ])
  assert.match(lines[5]!, /^ {3}5\.000 [\u2800-\u28ff]+$/)
  assert.match(lines[9]!, /^ {3}2\.500 [\u2800-\u28ff]+$/)
  assert.match(lines[10]!, /^ {4}step 1 +6$/)
  assert.match(lines[11]!, /^━+─+ 6\/10 steps {2}5\.00\/s {2}1s left$/)
  assert.equal(lines[12], 'loss 2.5000  1.00 ktok/s  2.00 MFLOP/s  1.0 KiB  norm 1.00  lr 1.00e-3')
  assert.equal(lines.length, 13)
})

test('what is finished stays above the stages', () => {
  const lines = frame([...training, events.validation, events.sampled])
  assert.equal(lines[0], 'tiny 5: held-out bound 2.5000 ± 0.1000 nats per token (unigram entropy 3.0000)')
  assert.deepEqual(lines.slice(1, 5), ['— story, sample 1 (3 forwards)', 'a b c', '', 'smdmc on a device'])
})

test('while it samples: the text as it is unmasked', () => {
  const pieces = [...'It was'].map((c, i) => (i > 3 ? null : c))
  const lines = frame([
    head,
    { ...events.stage('new', 2), stage: 'story' },
    { kind: 'unmask', stage: 'story', sample: 1, step: 3, total: 9, pieces },
  ])
  assert.ok(lines.includes(`│ ${'sample 2, step 3 of 9'.padEnd(96)} │`), lines.join('\n'))
  assert.ok(lines.includes(`│ ${'It w░░'.padEnd(96)} │`))
})

test('40 columns are enough', () => {
  const lines = frame([...training, events.note], 40)
  assert.ok(
    lines.slice(0, 12).every((l) => l.length <= 40),
    lines.join('\n'),
  )
  const pieces = Array.from({ length: 1000 }, () => null)
  const sampling = frame([head, { kind: 'unmask', stage: 'story', sample: 0, step: 3, total: 9, pieces }], 40)
  assert.ok(sampling.every((l) => l.length <= 40))
  assert.equal(sampling.filter((l) => l.includes('░')).length, 6, 'the beginning of a long text')
})

test('a low terminal keeps the progress and drops the curve; many stages are cut to those around the one at work', () => {
  const many: RunEvent = {
    ...head,
    stages: Array.from({ length: 30 }, (_, i) => ({ stage: `s${i}`, what: 'train', key: 'a', state: i < 20 ? 'cached' : 'new' })),
  }
  const lines = frame([many, { ...events.stage('new', 10), stage: 's20' }, ...training.slice(2)], 100, 12)
  assert.deepEqual(
    lines.slice(1, 6).map((l) => l.split('[')[0]!.trimEnd()),
    ['smdmc on a device', '… 19 done', '✓ train s19', '▸ train s20', '… 9 to come'],
  )
  assert.match(lines[6]!, /6\/10 steps/)
  assert.ok(lines.length < 12)
})

test('the last frame is the stages and nothing that moves', () => {
  const lines = frame([...training, events.note, events.done, { ...events.failed, stage: 'story' }])
  assert.deepEqual(lines.slice(0, 3), ['tiny: done in 3s, in store/tiny', 'story: the disk is full [disk-full]', '  = free some space'])
  assert.ok(lines.includes('✓ train tiny [111111111111] new, in store/tiny') && lines.includes('✗ sample story [222222222222] new'))
  assert.equal(
    lines.some((l) => /steps {2}|reading/.test(l)),
    false,
  )
})

test('a thousand events a second make few frames, the last of them complete', () => {
  const stdout = new FakeTerminal()
  const screen = inkScreen(stdout as unknown as NodeJS.WriteStream)
  screen.show(head)
  screen.show(events.stage('new', 10_000))
  for (let step = 1; step <= 1000; step++) screen.show(stepEvent({ step, total: 10_000, seconds: step / 1000 }))
  screen.show(events.stopped)
  screen.close()
  assert.ok(stdout.writes.length < 100, `${stdout.writes.length} writes`)
  assert.ok(stdout.writes.join('').includes('tiny: stopped at 6 of 10; run the same command again to go on'))
})

class FakeTerminal extends EventEmitter {
  readonly columns = 80
  readonly rows = 30
  readonly isTTY = true
  readonly writes: string[] = []
  write(text: string): boolean {
    this.writes.push(text)
    return true
  }
}
