// `smdmc why`: cached, resumed or new, and what changed since the last run of that name.
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { whenText } from '../cli/commands/why.ts'
import { Folder, pageText, smdmc } from './helpers/cli.ts'

const run = (folder: Folder, ...args: readonly string[]) =>
  smdmc(args, { cwd: folder.path, env: { XDG_CACHE_HOME: join(folder.path, 'cache') } })
const why = async (folder: Folder, ...args: readonly string[]) => (await run(folder, 'why', 'page.smdm', ...args)).stdout

test('why: new, then cached, then what changed and where', async () => {
  using folder = new Folder(`param budget = 12 steps\n${pageText({ steps: 'budget' })}`)
  assert.equal(await why(folder, 'tiny'), 'train tiny is new: nothing of that name has been run\n')
  assert.equal((await run(folder, 'run', 'page.smdm', 'story', '--device', 'cpu')).code, 0)
  assert.match(await why(folder, 'tiny'), /^train tiny is cached: \w{12} is complete/)
  const changed = await why(folder, 'tiny', '--set', 'budget=20 steps', '--set', 'width=32')
  assert.match(
    changed,
    /^train tiny is new\. {2}Compared with \w{12} \((today|yesterday), \d\d:\d\d\):\n {2}budget +12 steps → 20 steps +--set budget\n/,
  )
  assert.match(changed, /\n {2}model\.hidden +64 → 128 +default, std\/transformer\.smdm:\d+\n {2}model\.width +16 → 32 +--set width\n/)
  assert.match(changed, /another budget is another training\.\nTo go on from what is trained, .* `from: tiny`\.\n$/)
  assert.match(
    await why(folder, 'story', '--set', 'width=32'),
    /\n {2}from {2}another stage: \w{12} → \w{12} {2}smdmc why page\.smdm tiny\n$/,
  )

  folder.write('text.txt', 'another text, which is as long as it need be.\n'.repeat(9))
  assert.match(await why(folder, 'tiny'), /\n {2}data\.path {2}content changed {2}page\.smdm:3\n$/)
  // Without the link, the newest of that name in the store is found.
  rmSync(join(folder.path, 'runs'), { recursive: true })
  assert.match(await why(folder, 'tiny'), /data\.path {2}content changed/)
  const json = (await run(folder, 'why', 'page.smdm', 'tiny', '--json')).lines[0] as unknown as Readonly<Record<string, unknown>>
  assert.equal(json['state'], 'new')
  assert.deepEqual(
    (json['differences'] as readonly { path: string }[]).map((d) => d.path),
    ['data.path'],
  )
})

test('why: resumed from the step that was saved', async () => {
  using folder = new Folder(pageText({ steps: '4000 steps' }))
  const env = { XDG_CACHE_HOME: join(folder.path, 'cache') }
  await smdmc(['run', 'page.smdm', 'tiny', '--device', 'cpu', '--json'], {
    cwd: folder.path,
    env,
    on: (line, child) => {
      if (line.kind === 'checkpoint' && line.step >= 6) child.kill('SIGINT')
    },
  })
  assert.match(await why(folder, 'tiny'), /^train tiny is resumed from step \d+: \w{12} is there, unfinished\n$/)
})

test('dates are told as people tell them', () => {
  const now = new Date(2026, 2, 1, 9, 30)
  assert.equal(whenText(new Date(2026, 2, 1, 0, 5), now), 'today, 00:05')
  assert.equal(whenText(new Date(2026, 1, 28, 14, 2), now), 'yesterday, 14:02')
  assert.equal(whenText(new Date(2025, 11, 31, 23, 59), now), '2025-12-31, 23:59')
})
