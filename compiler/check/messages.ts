// All that checking can say, in English. Sites give facts; the form is: what was found, why it matters, what to write.
import { fieldMessages } from './field-messages.ts'
import { nameMessages } from './name-messages.ts'
import { stageMessages } from './stage-messages.ts'

export const messages = { ...nameMessages, ...fieldMessages, ...stageMessages }
