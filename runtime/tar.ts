// The bytes of a tar archive → its files, in order. Knows ustar prefixes, long names of GNU tar and the path records of pax,
// which is what npm packages use; folders and links are passed over.
import { Failure } from './events.ts'

const block = 512

/** The files of an (uncompressed) archive. `data` is a view into `bytes`. Fails with a Failure on a damaged archive. */
export function* readTar(bytes: Uint8Array): Iterable<{ name: string; data: Uint8Array }> {
  let at = 0
  let longName: string | undefined
  while (at + block <= bytes.length) {
    const header = bytes.subarray(at, at + block)
    if (header.every((b) => b === 0)) return
    checkSum(header)
    const size = number(header, 124, 12)
    const start = at + block
    if (start + size > bytes.length) throw damaged('it ends in the middle of a file')
    const data = bytes.subarray(start, start + size)
    at = start + Math.ceil(size / block) * block
    const type = String.fromCharCode(header[156]!)
    if (type === 'L') longName = text(data, 0, data.length)
    else if (type === 'x') longName = paxPath(data) ?? longName
    else {
      if (type === '0' || type === '\0') yield { name: longName ?? shortName(header), data }
      if (type !== 'g') longName = undefined
    }
  }
}

/** Name and, in ustar archives, what stands before it. */
function shortName(header: Uint8Array): string {
  const name = text(header, 0, 100)
  const prefix = text(header, 257, 5) === 'ustar' ? text(header, 345, 155) : ''
  return prefix === '' ? name : `${prefix}/${name}`
}

/** Records of `<length> <key>=<value>\n`, the length counting the whole record. */
function paxPath(data: Uint8Array): string | undefined {
  let path: string | undefined
  for (let at = 0; at < data.length;) {
    const blank = data.indexOf(32, at)
    const length = Number(text(data, at, blank - at))
    if (blank < 0 || !(length > 0)) throw damaged('its extended header makes no sense')
    const record = text(data, blank + 1, at + length - blank - 2)
    if (record.startsWith('path=')) path = record.slice('path='.length)
    at += length
  }
  return path
}

/** UTF-8 up to the first zero byte. */
function text(bytes: Uint8Array, start: number, length: number): string {
  const field = bytes.subarray(start, start + length)
  const end = field.indexOf(0)
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end))
}

/** Octal digits. */
function number(header: Uint8Array, start: number, length: number): number {
  const digits = text(header, start, length).trim()
  if (!/^[0-7]*$/.test(digits)) throw damaged('a number in it makes no sense')
  return digits === '' ? 0 : parseInt(digits, 8)
}

/** The sum of the header's bytes, its own field counted as blanks. */
function checkSum(header: Uint8Array): void {
  let sum = 0
  for (const [i, b] of header.entries()) sum += i >= 148 && i < 156 ? 32 : b
  if (sum !== number(header, 148, 8)) throw damaged('a check sum does not fit')
}

function damaged(reason: string): Failure {
  return new Failure({ code: 'bad-archive', message: `the archive is damaged: ${reason}`, advice: ['fetch it again'] })
}
