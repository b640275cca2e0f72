// A part of a tree → the parts right inside it, of whatever sort: for those who look for one construct and pass over all others.

/** Calls `visit` with each part inside, in the order of the text, and the key it stands under. Spans and comments are no parts. */
export function eachPart(part: object, visit: (inner: object, key: string) => void): void {
  if (isLeaf(part)) return
  for (const key in part) {
    if (key === 'span' || key === 'trivia') continue
    const inner = (part as Readonly<Record<string, unknown>>)[key]
    if (Array.isArray(inner)) {
      for (const item of inner as readonly unknown[]) if (isPart(item)) visit(item, key)
    } else if (isPart(inner)) visit(inner, key)
  }
}

/** Half of all parts have nothing inside. */
function isLeaf(part: { readonly kind?: string }): boolean {
  return part.kind === 'number' || part.kind === 'string' || part.kind === 'boolean' || part.kind === 'name'
}

function isPart(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
