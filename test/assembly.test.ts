// What Mesa's compiler prints → what a kernel costs: on an excerpt of such print, since the compiler itself is not everywhere.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mark, NakReader, sum, type Assembly } from '../bench/assembly/nak.ts'

const told = { label: 'contract | cast', flops: 2e9, times: 3 }
const printed = `${mark}${JSON.stringify(told)}
Structured NIR for compute shader:
NAK IR after opt_dce:
block.u 0 L2 [] -> {
      r9        = mov rZ                                      // delay=1
} -> []
NAK IR after calc_instr_deps:
block.u 0 L2 [] -> {
      r4        = iadd3 r4 ur9 rZ                             // delay=5
} -> [1]
block.u 1 L1 [0, 3] -> {
                  bra !up0 L4                                 // delay=1 wt=001111
} -> [2, 3]
block.u 2 L3 [1] -> {
      r92..96   = ldsm.16.m8n8.x4 [r90]                       // delay=1 wr:0
      r8..12    = ld.shared.strong.cta.b128 [r6.x16+rZ], pT   // delay=2 rd:0 wr:1
} -> [3]
block.u 3 L4 [1, 2] -> {
      r0..4     = hmma.m16n8k16.f32 r92..96 r104..106 r0..4   // delay=15 wt=100010 wr:1
                  st.shared.strong.cta.b64 [r4+rZ] r120..122  // delay=1 rd:0
@!p0              bra pT L1                                   // delay=1
} -> [1, 4]
block 4 L5 [3] -> {
                  exit                                        // delay=1
} -> []

Instruction count: 9
Static cycle count: 120
Max warps/SM: 16
Num GPRs: 128
SLM size: 0
Encoded shader:
  00ff7355 00000000 00100000 000fc200 00007945 00000010 03800000 000fc200`

test('the last program of each kernel is read, with its figures and the loop that multiplies', () => {
  const read: Assembly[] = []
  const reader = new NakReader((assembly) => read.push(assembly))
  for (const line of [printed, printed.replace('hmma.m16n8k16.f32', 'fadd')].join('\n').split('\n')) reader.line(line)
  reader.end()
  const [first, second] = read
  assert.equal(read.length, 2)
  assert.deepEqual([first!.label, first!.times, second!.loop], [told.label, told.times, undefined])
  assert.deepEqual(Object.fromEntries(first!.figures), {
    'Instruction count': 9,
    'Static cycle count': 120,
    'Max warps/SM': 16,
    'Num GPRs': 128,
    'SLM size': 0,
  })
  assert.deepEqual(Object.fromEntries(first!.loop!), { bra: 2, hmma: 1, 'st.shared': 1, ldsm: 1, 'ld.shared': 1 })
  assert.equal(sum(first!.loop!), 6)
})
