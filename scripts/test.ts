// npm test: every test file through Node's own runner, whose patterns for file names Node 20 does not have yet.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

const files = readdirSync('test')
  .filter((name) => /\.test\.tsx?$/.test(name))
  .map((name) => join('test', name))
const run = ['--import', 'tsx', '--test', '--test-concurrency=2', ...files]
process.exitCode = spawnSync(process.execPath, run, { stdio: 'inherit' }).status ?? 1
