import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { hasCommand, ROOT, skipUnless } from '../support/requirements.ts'

type Row = { readonly server: string; readonly figures: Readonly<Record<string, number>> }

const skip = skipUnless(hasCommand('cc') && hasCommand('taskset'), 'a C compiler and taskset')

test('the benchmark runs, and every picture arrives whole over each protocol', { skip }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-test-'))
  const check = async (protocol: string) => {
    const file = join(folder, `${protocol}.json`)
    // Whole segments come every two seconds.
    const window = protocol === 'hls' ? '5' : '2'
    const times = `--viewers 20 --idle 1 --warm-up 1 --window ${window}`.split(' ')
    const compare = protocol === 'rtmp' ? ['--compare', 'bare-node'] : []
    const options = ['--protocol', protocol, ...times, ...compare, '--json', file]
    await promisify(execFile)(process.execPath, ['bench/bench.ts', 'fanout', ...options], { cwd: ROOT })
    const { rows } = JSON.parse(readFileSync(file, 'utf8')) as { readonly rows: readonly Row[] }
    assert.deepEqual(
      rows.map(({ server }) => server),
      ['limit, 100 ms', 'millrace, flush 100', ...(protocol === 'rtmp' ? ['bare node, 100 ms'] : [])],
    )
    for (const { server, figures } of rows) {
      assert.ok((figures.picturesMatched ?? 0) > 20 * 30, `${server}, ${protocol}: ${figures.picturesMatched} pictures`)
      assert.equal(figures.picturesUnknown, 0)
      assert.equal(figures.gaps, 0)
      assert.equal(figures.droppedViewers, 0)
      assert.ok((figures.cpuSecondsPerGB ?? 0) > 0)
    }
  }
  try {
    // The first compiles what the others run.
    await check('rtmp')
    await Promise.all(['ws-ts', 'hls'].map(check))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
