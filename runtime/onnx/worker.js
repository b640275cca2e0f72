// A thread does not inherit what bin/smdmc.js has registered: here tsx is told again to load the TypeScript sources as they are.
import { register } from 'tsx/esm/api'

register()
await import('./worker.ts')
