// A tar archive in memory → its plain files. Reads what `tar` and GNU tar write for short names; links and folders are passed over.

/** Name → content of every plain file; the contents are views into `archive`. */
export function untar(archive: Uint8Array): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>()
  const text = (at: number, length: number) => {
    const bytes = archive.subarray(at, at + length)
    const end = bytes.indexOf(0)
    return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end))
  }
  for (let at = 0; at + 512 <= archive.length;) {
    const name = text(at, 100)
    if (name === '') break
    const size = parseInt(text(at + 124, 12), 8)
    if (!Number.isFinite(size)) throw new Error(`not a tar archive: no size at byte ${at}`)
    const kind = archive[at + 156]
    if (kind === 0 || kind === 48) files.set(name, archive.subarray(at + 512, at + 512 + size))
    at += 512 + Math.ceil(size / 512) * 512
  }
  return files
}
