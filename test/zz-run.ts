import { plan } from './zz-scratch.ts'
import { cpuBackend } from '../runtime/onnx/backend.ts'
const backend = await cpuBackend()
const t = performance.now()
const exe = await backend.load(plan)
console.log('load', performance.now() - t, backend.device)
let s = 1
const rnd = () => ((s = (Math.imul(s, 1664525) + 1013904223) >>> 0) / 2 ** 32)
for (const st of plan.states) if (st.name.startsWith('weight')) {
  const n = st.type.dims.reduce((a, d) => a * d.size, 1)
  await exe.write(st.name, Float32Array.from({ length: n }, () => st.name.includes('gain') ? 1 : (rnd() - 0.5) * 0.08))
}
const tokens = Int32Array.from({ length: 2048 }, () => Math.floor(rnd() * 257))
const rows = Int32Array.from({ length: 1024 }, (_, i) => 2 * i)
const target = Int32Array.from({ length: 1024 }, () => Math.floor(rnd() * 256))
const weight = new Float32Array(1024).fill(1 / 1024)
const one = (x: number) => Float32Array.of(x)
const times: number[] = []
for (let i = 1; i <= 12; i++) {
  const t0 = performance.now()
  const r = await exe.run('step', { tokens, row: rows, target, weight, rate: one(2e-4), correction1: one(1 - 0.9 ** i), correction2: one(1 - 0.95 ** i) }, { row: 1024 })
  times.push(performance.now() - t0)
  if (i < 4 || i === 12) console.log(i, r.loss![0], r.norm![0], times.at(-1))
}
times.sort((a, b) => a - b)
console.log('min', times[0], 'median', times[6])
await backend[Symbol.asyncDispose]()
