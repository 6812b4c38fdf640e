import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { clip } from '../support/requirements.ts'
import { TestServer } from '../support/server.ts'
import { Av, skipWithoutNodeAv } from './support/av.ts'
import { MATERIALS, type Material, prepare } from './support/material.ts'
import { type Cell, type Row, runMaterial } from './support/matrix.ts'
import { formatMatrix, outdatedRows, writeMatrix } from './support/matrix-table.ts'

/** Small log segments, so that every frame, message and CMAF segment meets their ends. */
const SETS = [
  'streams.**.graceMs=0',
  'streams.**.record=true',
  'hls.segmentMs=500',
  'hls.windowSegments=1000',
  'memory.segmentBytes=65536',
]

function skipMaterial({ clip: name }: Material): string | false {
  return name !== undefined && clip(name) === undefined ? `the clip ${name} is not here` : false
}

function failures(rows: readonly Row[]): string[] {
  return rows.flatMap(({ material, wayIn, cells }) =>
    [...cells].flatMap(([way, cell]: readonly [string, Cell]) =>
      cell.kind === 'failed' ? [`${material}: ${wayIn} → ${way}: ${cell.problems.join('; ')}`] : [],
    ),
  )
}

describe('bit-exactness', { skip: skipWithoutNodeAv() }, () => {
  let folder = ''
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-matrix-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  describe('with 4 workers', () => {
    const byMaterial = new Map<string, readonly Row[]>()
    const resources = new AsyncDisposableStack()
    let server: TestServer
    let av: Av
    before(async () => {
      server = resources.use(await TestServer.start(['workers=4', ...SETS]))
      av = resources.use(new Av())
    })
    after(() => resources.disposeAsync())

    describe('every material', { concurrency: 2 }, () => {
      for (const material of MATERIALS) {
        test(`${material.name} leaves by every way out as it came by every way in`, {
          skip: skipMaterial(material),
        }, async () => {
          const prepared = await prepare(av, material, folder)
          assert.ok(prepared)
          const found = await runMaterial({ server, av, folder }, prepared)
          byMaterial.set(material.name, found)
          assert.deepEqual(failures(found), [])
        })
      }
    })

    test('docs/matrix.md says what was found', (t) => {
      const rows = MATERIALS.flatMap(({ name }) => byMaterial.get(name) ?? [])
      t.diagnostic(`\n${formatMatrix(rows)}`)
      if (process.env.MILLRACE_WRITE_DOCS === '1') writeMatrix(rows)
      assert.deepEqual(outdatedRows(rows), [], 'run with MILLRACE_WRITE_DOCS=1')
    })
  })

  for (const workers of [1, 2]) {
    test(`H.264 and AAC are exact on all ways with ${workers} workers`, async () => {
      await using server = await TestServer.start([`workers=${workers}`, ...SETS])
      await using av = new Av()
      const [material] = MATERIALS
      const prepared = material && (await prepare(av, material, folder))
      assert.ok(prepared)
      assert.deepEqual(failures(await runMaterial({ server, av, folder }, prepared)), [])
    })
  }
})
