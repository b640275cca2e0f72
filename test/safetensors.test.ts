// The file format: what is written is read back to the bit, the bytes are those of the standard, and hostile headers are refused.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, readdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import fc from 'fast-check'
import { parseHeader, printHeader } from '../runtime/checkpoint/header.ts'
import { openSafetensors, writeSafetensors, type TensorToWrite } from '../runtime/checkpoint/safetensors.ts'
import { Failure } from '../runtime/events.ts'

const folder = await mkdtemp(join(tmpdir(), 'smdmc-safetensors-'))

/** A file of a header and so many bytes of data. */
async function file(header: string | Uint8Array, dataBytes: number, claimed?: number): Promise<string> {
  const json = Buffer.from(header)
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(claimed ?? json.length))
  const path = join(folder, 'hostile.safetensors')
  await writeFile(path, Buffer.concat([length, json, Buffer.alloc(dataBytes)]))
  return path
}

test('tensors come back to the bit, sorted by name, one at a time', async () => {
  const path = join(folder, 'a.safetensors')
  let asked = ''
  const tensors: TensorToWrite[] = [
    { name: 'b', dtype: 'F32', shape: [2, 2], data: () => ((asked += 'b'), Float32Array.of(1, -0, NaN, 1e-45)) },
    { name: 'a', dtype: 'I32', shape: [3], data: () => ((asked += 'a'), Promise.resolve(Int32Array.of(-1, 0, 2 ** 31 - 1))) },
    { name: 'empty', dtype: 'F32', shape: [0, 4], data: () => new Float32Array() },
  ]
  await writeSafetensors(path, tensors, { key: 'k' })
  assert.equal(asked, 'ab')
  const bytes = await readFile(path)
  const header =
    '{"__metadata__":{"key":"k"},"a":{"dtype":"I32","shape":[3],"data_offsets":[0,12]},' +
    '"b":{"dtype":"F32","shape":[2,2],"data_offsets":[12,28]},"empty":{"dtype":"F32","shape":[0,4],"data_offsets":[28,28]}}'
  assert.equal(bytes.toString('utf8', 8, 8 + header.length), header)
  assert.equal(Number(bytes.readBigUInt64LE()) % 8, 0)
  await using opened = await openSafetensors(path)
  assert.deepEqual(opened.metadata, { key: 'k' })
  assert.deepEqual(await opened.read('b'), Float32Array.of(1, -0, NaN, 1e-45))
  assert.deepEqual(await opened.read('a'), Int32Array.of(-1, 0, 2 ** 31 - 1))
  assert.deepEqual(await opened.read('empty'), new Float32Array())
  assert.deepEqual(await readdir(folder), ['a.safetensors'])
})

test('half, bfloat16, bytes and long integers are widened', async () => {
  const entries = { h: ['F16', [5], [0, 10]], i: ['BF16', [2], [10, 14]], j: ['U8', [2], [14, 16]], k: ['I64', [1], [16, 24]] } as const
  const json = JSON.stringify(
    Object.fromEntries(Object.entries(entries).map(([n, [dtype, shape, at]]) => [n, { dtype, shape, data_offsets: at }])),
  )
  const path = await file(json, 0)
  const data = Buffer.alloc(24)
  for (const [i, h] of [0x3c00, 0xc000, 0x0001, 0x7c00, 0x3555].entries()) data.writeUInt16LE(h, 2 * i)
  data.writeUInt16LE(0x3fc0, 10)
  data.writeUInt16LE(0xc049, 12)
  data.set([0, 255], 14)
  data.writeBigInt64LE(-5n, 16)
  await writeFile(path, Buffer.concat([await readFile(path), data]))
  await using opened = await openSafetensors(path)
  assert.deepEqual([...(await opened.read('h'))], [1, -2, 2 ** -24, Infinity, 0.333251953125])
  assert.deepEqual([...(await opened.read('i'))], [1.5, -3.140625])
  assert.deepEqual([...(await opened.read('j'))], [0, 255])
  assert.deepEqual([...(await opened.read('k'))], [-5])
})

const f32 = (start: number, end: number, shape = [(end - start) / 4]): unknown => ({ dtype: 'F32', shape, data_offsets: [start, end] })

test('hostile files are refused with a reason', async () => {
  const cases: readonly (readonly [RegExp, () => Promise<string>])[] = [
    [/too short/, async () => (await writeFile(join(folder, 'short'), 'abc'), join(folder, 'short'))],
    [/claims/, () => file('{}', 0, 2 ** 60)],
    [/longer than the file/, () => file('{}', 0, 1000)],
    [/not JSON/, () => file('{"a":', 0)],
    [/not JSON/, () => file('', 0)],
    [/not UTF-8/, () => file(Uint8Array.of(0x7b, 0xff, 0x7d), 0)],
    [/not a JSON object/, () => file('[1]', 0)],
    [/unknown type "F31"/, () => file('{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}', 4)],
    [/no proper shape/, () => file('{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}', 4)],
    [/no proper shape/, () => file('{"a":{"dtype":"F32","shape":"x","data_offsets":[0,4]}}', 4)],
    [/no proper offsets/, () => file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}', 4)],
    [/no proper offsets/, () => file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0.5,4.5]}}', 4)],
    [/do not agree/, () => file(JSON.stringify({ a: f32(0, 8, [1]) }), 8)],
    [/do not agree/, () => file(JSON.stringify({ a: f32(4, 0, [1]) }), 8)],
    [/do not agree/, () => file(JSON.stringify({ a: f32(0, 4, [2 ** 40, 2 ** 40]) }), 8)],
    [/overlaps/, () => file(JSON.stringify({ a: f32(0, 8), b: f32(4, 12) }), 12)],
    [/gap/, () => file(JSON.stringify({ a: f32(0, 4), b: f32(8, 12) }), 12)],
    [/cut off.*4 bytes/, () => file(JSON.stringify({ a: f32(0, 12) }), 8)],
    [/3 bytes too many/, () => file(JSON.stringify({ a: f32(0, 4) }), 7)],
    [
      /named twice/,
      () => file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\\u0061":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4),
    ],
    [/not an object/, () => file('{"a":null}', 0)],
    [/metadata/, () => file('{"__metadata__":{"a":1}}', 0)],
  ]
  for (const [reason, make] of cases) {
    await assert.rejects(
      make().then(openSafetensors),
      (e: unknown) => e instanceof Failure && e.code === 'bad-checkpoint' && reason.test(e.message),
      String(reason),
    )
  }
  await assert.rejects(openSafetensors(join(folder, 'none')), (e: unknown) => e instanceof Failure && e.code === 'missing-file')
  await assert.rejects(openSafetensors(folder), (e: unknown) => e instanceof Failure && e.code === 'not-a-file')
})

test('any bytes as a header give a Failure or a sound list', async () => {
  const json = printHeader([{ name: 'a"b', dtype: 'F32', shape: [2] }, { name: 'c', dtype: 'U8', shape: [3] }]).json // prettier-ignore
  await fc.assert(
    fc.asyncProperty(fc.nat(json.length - 1), fc.string({ maxLength: 3, unit: 'binary' }), fc.nat(20), async (at, text, size) => {
      const mutated = json.slice(0, at) + text + json.slice(at + 1)
      try {
        const { tensors } = parseHeader(mutated, size, 'x')
        assert.equal(tensors.at(-1)?.end ?? 0, size)
      } catch (e) {
        assert.ok(e instanceof Failure, String(e))
      }
      return Promise.resolve()
    }),
    { numRuns: 500, seed: 1 },
  )
})

test('a failed write leaves the old file and no other', async () => {
  const path = join(folder, 'old.safetensors')
  await writeSafetensors(path, [{ name: 'a', dtype: 'F32', shape: [1], data: () => Float32Array.of(1) }])
  const before = await readFile(path)
  const failing: TensorToWrite = { name: 'a', dtype: 'F32', shape: [1], data: () => Promise.reject(new Error('lost')) }
  await assert.rejects(writeSafetensors(path, [failing]), /lost/)
  assert.deepEqual(await readFile(path), before)
  assert.ok((await readdir(folder)).every((name) => !name.endsWith('.tmp')))
})
