// Safetensors files: opened by their header, tensors read one by one; written from tensors that are made one by one, whole or
// not at all. So a checkpoint larger than memory passes through. Numbers are little-endian, as all machines we run on.
import { open, type FileHandle } from 'node:fs/promises'
import type { Data } from '../backend.ts'
import { telling } from '../failures.ts'
import { replaceFile } from '../store/atomic.ts'
import { badFile, elementsOf, headerLimit, parseHeader, printHeader, type Header, type StoredDtype, type TensorEntry } from './header.ts'

/** An open file. Close it by disposing. */
export interface SafetensorsFile extends Header, AsyncDisposable {
  readonly path: string
  /** A tensor's elements, row-major: floats as f32, I32 as i32, I64 and U8 narrowed to i32. */
  read(name: string): Promise<Float32Array | Int32Array>
}

/** A tensor to write; `data` is asked for when its turn comes. */
export interface TensorToWrite {
  readonly name: string
  readonly dtype: StoredDtype
  readonly shape: readonly number[]
  readonly data: () => Promise<Data> | Data
}

/** Opens a file and checks its header. Fails with a Failure that says what is wrong. */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  return telling('opening a checkpoint', async () => {
    const file = await open(path, 'r')
    try {
      const header = await readHeader(file, path)
      const byName = new Map(header.tensors.map((t) => [t.name, t]))
      return {
        path,
        tensors: header.tensors,
        metadata: header.metadata,
        read: async (name) => {
          const entry = byName.get(name)
          if (entry === undefined) throw badFile(path, `it has no tensor ${name}`)
          const bytes = new Uint8Array(entry.end - entry.start)
          await readFully(file, bytes, header.at + entry.start, path)
          return decode(entry, bytes)
        },
        [Symbol.asyncDispose]: () => file.close(),
      }
    } catch (error) {
      await file.close()
      throw error
    }
  })
}

/** Replaces `path` by a file of these tensors; memory holds one at a time. */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorToWrite[],
  metadata?: Readonly<Record<string, string>>,
): Promise<void> {
  await replaceFile(path, (file) => streamSafetensors(file, tensors, metadata))
}

/** Writes the format into an open file. */
export async function streamSafetensors(
  file: FileHandle,
  tensors: readonly TensorToWrite[],
  metadata?: Readonly<Record<string, string>>,
): Promise<void> {
  const { json, tensors: placed } = printHeader(tensors, metadata)
  const byName = new Map(tensors.map((t) => [t.name, t]))
  const header = Buffer.from(json)
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  await writeFully(file, length)
  await writeFully(file, header)
  for (const entry of placed) {
    const data = await byName.get(entry.name)!.data()
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    if (bytes.length !== entry.end - entry.start) throw new RangeError(`${entry.name} has ${bytes.length} bytes of data`)
    await writeFully(file, bytes)
  }
}

async function readHeader(file: FileHandle, path: string): Promise<Header & { readonly at: number }> {
  const { size } = await file.stat()
  if (size < 8) throw badFile(path, 'it is too short')
  const first = new Uint8Array(8)
  await readFully(file, first, 0, path)
  const length = Number(new DataView(first.buffer).getBigUint64(0, true))
  if (length > headerLimit) throw badFile(path, `its header claims ${length} bytes`)
  if (8 + length > size) throw badFile(path, `its header of ${length} bytes is longer than the file`)
  const json = new Uint8Array(length)
  await readFully(file, json, 8, path)
  const text = decodeText(json)
  if (text === undefined) throw badFile(path, 'its header is not UTF-8')
  return { ...parseHeader(text, size - 8 - length, path), at: 8 + length }
}

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** Reads may come short, and none may pass 2 GiB. */
const piece = 1 << 30

async function readFully(file: FileHandle, into: Uint8Array, position: number, path: string): Promise<void> {
  for (let done = 0; done < into.length;) {
    const { bytesRead } = await file.read(into, done, Math.min(piece, into.length - done), position + done)
    if (bytesRead === 0) throw badFile(path, 'it became shorter while it was read')
    done += bytesRead
  }
}

async function writeFully(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, Math.min(piece, bytes.length - done))
    done += bytesWritten
  }
}

function decode(entry: TensorEntry, bytes: Uint8Array): Float32Array | Int32Array {
  const n = elementsOf(entry.shape)
  switch (entry.dtype) {
    case 'F32':
      return new Float32Array(bytes.buffer, 0, n)
    case 'I32':
      return new Int32Array(bytes.buffer, 0, n)
    case 'I64':
      return Int32Array.from(new BigInt64Array(bytes.buffer, 0, n), Number)
    case 'U8':
      return Int32Array.from(bytes)
    case 'F16':
      return Float32Array.from(new Uint16Array(bytes.buffer, 0, n), fromHalf)
    case 'BF16':
      return widen(new Uint16Array(bytes.buffer, 0, n))
    default:
      return entry.dtype satisfies never
  }
}

/** bfloat16 is the upper half of a float32. */
function widen(halves: Uint16Array): Float32Array {
  const bits = Uint32Array.from(halves, (h) => h << 16)
  return new Float32Array(bits.buffer)
}

/** IEEE half precision: 1 sign bit, 5 of exponent, 10 of fraction. */
function fromHalf(h: number): number {
  const sign = h & 0x8000 ? -1 : 1
  const exponent = (h >> 10) & 31
  const fraction = h & 1023
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
