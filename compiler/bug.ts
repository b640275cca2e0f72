// States that checking has ruled out. Whoever meets one has found a mistake of ours, never of the user's.

export class Bug extends Error {
  constructor(message: string) {
    super(`${message}\nThis is a mistake in smdmc, not in your program. Please report it with the file that led here.`)
    this.name = 'Bug'
  }
}

export function bug(message: string): never {
  throw new Bug(message)
}
