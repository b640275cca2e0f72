// A small run of bench/robust.ts: random and damaged texts break no promise of the front end.
import assert from 'node:assert/strict'
import test from 'node:test'
import { inputOf } from './robust/inputs.ts'
import { outcomeOf } from './robust/promises.ts'
import { shrunk } from './robust/shrink.ts'

/** Milliseconds: slow machines are given more time than `npm run robust` gives. */
const limit = 10_000

test('random and damaged texts break no promise', () => {
  const [inputs, first] = [1200, 20261124]
  let [clean, right] = [0, 0]
  for (let number = first; number < first + inputs; number++) {
    const input = inputOf(number)
    const { broken, clean: reads, checked } = outcomeOf(input, limit)
    clean += Number(reads)
    right += Number(checked)
    if (broken === undefined) continue
    const smallest = shrunk(input.text, (text) => outcomeOf({ ...input, text }, limit).broken?.at === broken.at)
    assert.fail(`${input.name} number ${number}, ${broken.at}: ${broken.how}\nshrunk to ${JSON.stringify(smallest)}`)
  }
  // The generators are worth something only if much of what they make gets far.
  assert.ok(clean > inputs / 4 && right > inputs / 20, `${clean} were read without an error, ${right} were right`)
})

test('a number always means the same input', () => {
  assert.deepEqual([7, 8, 9].map(inputOf), [7, 8, 9].map(inputOf))
  assert.notDeepEqual(inputOf(7), inputOf(8))
})

test('shrinking leaves what matters', () => {
  assert.equal(
    shrunk('let a = 1\nlet b = (x * 3)\nlet c = 4\n', (text) => text.includes('*')),
    '*',
  )
})
