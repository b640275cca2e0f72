// A line of a plan: a word, and what is to be said of it.
export type Line = readonly [name: string, text: string]
