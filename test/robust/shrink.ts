// A text that breaks a promise → a shorter one that breaks the same: stretches are left out, long ones first, for as long as
// there is time.

/** `breaks` says whether a text still breaks it. */
export function shrunk(text: string, breaks: (text: string) => boolean, milliseconds = 20_000): string {
  const until = performance.now() + milliseconds
  let best = text
  for (const split of [/(?<=\n)/, /(?<=\W)|(?=\W)/, /(?=[^])/u]) best = withoutPieces(best.split(split), breaks, until).join('')
  return best
}

function withoutPieces(pieces: readonly string[], breaks: (text: string) => boolean, until: number): readonly string[] {
  let kept = pieces
  for (let length = kept.length >> 1; length >= 1;) {
    let smaller = false
    for (let at = 0; at < kept.length && performance.now() < until;) {
      const rest = [...kept.slice(0, at), ...kept.slice(at + length)]
      if (rest.length < kept.length && breaks(rest.join(''))) {
        kept = rest
        smaller = true
      } else at += length
    }
    if (performance.now() >= until) return kept
    if (!smaller || length > 1) length = length === 1 ? 0 : length >> 1
  }
  return kept
}
