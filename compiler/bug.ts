// States that checking has ruled out. Whoever meets one has found a mistake of ours, never of the user's; but for what a plugin does,
// which nobody checks.

export class Bug extends Error {
  constructor(message: string) {
    super(`${message}\nThis is a mistake in smdmc, not in your program. Please report it with the file that led here.`)
    this.name = 'Bug'
  }
}

export function bug(message: string): never {
  throw new Bug(message)
}

/** What a plugin's code threw while a stage of its kind was compiled: its own mistake, even where it was ours to meet. */
export class PluginMistake extends Error {
  readonly stage: string

  constructor(stage: string, cause: unknown) {
    const text = cause instanceof Error ? cause.message : String(cause)
    super(cause instanceof Bug ? text.slice(0, text.indexOf('\n')) : text, { cause })
    this.name = 'PluginMistake'
    this.stage = stage
  }
}
