// The memory planner: tensors that live at the same time never share a buffer, others do.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { share, type Demand } from '../compiler/plan/memory.ts'

const demand = (bytes: number, from: number, to: number): Demand => ({ bytes, from, to, label: `${bytes} from ${from} to ${to}` })

test('a chain of equal tensors needs two buffers', () => {
  const { slots, slotOf } = share([[demand(8, 0, 1), demand(8, 1, 2), demand(8, 2, 3), demand(8, 3, 4)]])
  assert.deepEqual(
    slots.map((s) => s.bytes),
    [8, 8],
  )
  assert.deepEqual(slotOf, [[0, 1, 0, 1]])
})

test('programs share buffers, whose size is the larger demand', () => {
  const { slots, slotOf } = share([[demand(8, 0, 1)], [demand(100, 0, 3), demand(4, 2, 3)]])
  assert.deepEqual(
    slots.map((s) => s.bytes),
    [100, 4],
  )
  assert.deepEqual(slotOf, [[0], [0, 1]])
})

test('whatever is demanded: large enough, never two at once, the same again', () => {
  const one = fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 6 }))
  fc.assert(
    fc.property(fc.array(fc.array(one, { maxLength: 25 }), { maxLength: 3 }), (programs) => {
      const demands = programs.map((list) => list.map(([bytes, from, length]) => demand(bytes, from, from + length)))
      const { slots, slotOf } = share(demands)
      assert.deepEqual(share(demands), { slots, slotOf })
      demands.forEach((list, p) => {
        list.forEach((a, i) => {
          const slot = slotOf[p]![i]!
          assert.ok(slots[slot]!.bytes >= a.bytes)
          for (const [j, b] of list.entries()) {
            if (j > i && slotOf[p]![j] === slot) assert.ok(a.to < b.from || b.to < a.from, `${a.label} and ${b.label} in one buffer`)
          }
        })
      })
      // Every buffer is as large as its largest tenant, no larger.
      slots.forEach((s, slot) => {
        const tenants = demands.flatMap((list, p) => list.filter((_, i) => slotOf[p]![i] === slot))
        assert.equal(s.bytes, Math.max(...tenants.map((t) => t.bytes)))
      })
    }),
    { seed: 7, numRuns: 200 },
  )
})
