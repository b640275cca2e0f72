// The worker where the sources run as they are, as in tests: a thread has to be told of tsx again. A build has a worker.js of its own.
import { fileURLToPath } from 'node:url'
import { register } from 'tsx/esm/api'

register({ tsconfig: fileURLToPath(new URL('../../tsconfig.json', import.meta.url)) })
await import('./worker.ts')
