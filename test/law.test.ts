// Scaling laws through losses that follow one exactly: the paper's fit finds it again.
import assert from 'node:assert/strict'
import test from 'node:test'
import { factorOf, isoflop, power, type Point } from '../runtime/law/law.ts'

/** L* = 40 C^-0.06 at N* = 1e-4 C^0.6, and a parabola over log N around it. */
const point = (compute: number, times: number): Point => {
  const parameters = 1e-4 * compute ** 0.6 * times
  return { stage: `${compute} ${times}`, compute, parameters, loss: 40 * compute ** -0.06 + 0.1 * Math.log(times) ** 2 }
}
const budgets = [1e18, 1e19, 1e20].map((compute) => [0.3, 0.7, 1.5, 4].map((times) => point(compute, times)))
const near = (found: number, wanted: number): void => assert.ok(Math.abs(found / wanted - 1) < 1e-6, `${found} instead of ${wanted}`)

test('isoflop finds the best size and loss of each budget, and their exponents', () => {
  const law = isoflop(budgets)
  assert.ok(law.kind === 'isoflop')
  near(law.loss.slope, -0.06)
  near(factorOf(law.loss), 40)
  near(law.size.slope, 0.6)
  law.best.forEach((b) => near(b.parameters, 1e-4 * b.compute ** 0.6))
})

test('trainings that diverged and budgets without a minimum are left out, and said', () => {
  const [first, second, third] = budgets as [Point[], Point[], Point[]]
  const law = isoflop([[...first, { ...first[0]!, stage: 'lost', loss: NaN }], second, third.slice(0, 2)])
  assert.ok(law.kind === 'isoflop' && law.best.length === 2)
  assert.match(law.notes.join('\n'), /diverged: lost[^]*too few for a parabola/)
  assert.equal(isoflop([first]).kind, 'none')
})

test('a power law through the lowest losses', () => {
  const law = power([1e18, 1e19, 1e20].map((compute) => [point(compute, 1), point(compute, 2)]))
  assert.ok(law.kind === 'power' && law.over === 'compute')
  near(law.loss.slope, -0.06)
  assert.equal(power([[point(1e18, 1)]]).kind, 'none')
})
