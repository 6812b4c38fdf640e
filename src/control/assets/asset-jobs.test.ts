import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, describe, it } from 'node:test'
import { makeLogger } from '../../platform/telemetry/index.ts'
import { AssetJobs, type AssetOrder } from './asset-jobs.ts'

/** Servers on one folder, one after the other; their transcoder does what it is told. */
class Servers {
  readonly folder = join(mkdtempSync(join(tmpdir(), 'millrace-assets-')), 'uploads')
  readonly orders: AssetOrder[] = []
  #under = Promise.withResolvers<void>()

  next(): AssetJobs {
    this.#under = Promise.withResolvers<void>()
    const jobs: AssetJobs = new AssetJobs({
      folder: this.folder,
      transcode: (order) => {
        this.orders.push(order)
        jobs.onNews(order.id, { progress: 0 })
        return this.#under.promise
      },
      discard: async () => {},
      log: makeLogger(() => {}),
    })
    return jobs
  }
  end(error?: Error): void {
    if (error) this.#under.reject(error)
    else this.#under.resolve()
  }
  async begun(count: number): Promise<void> {
    while (this.orders.length < count) await new Promise((resolve) => setImmediate(resolve))
  }
  get files(): string[] {
    return readdirSync(this.folder).sort()
  }
}
const film = () => Readable.from([Buffer.from('a film')])

describe('AssetJobs', () => {
  const made: Servers[] = []
  const servers = () => {
    const all = new Servers()
    made.push(all)
    return all
  }
  after(() => {
    for (const { folder } of made) rmSync(join(folder, '..'), { recursive: true })
  })

  it('a file that is done, or failed, is removed', async () => {
    for (const error of [undefined, new Error('no film')]) {
      const all = servers()
      const jobs = all.next()
      const { id } = await jobs.add('assets/film', ['480p'], film())
      assert.deepEqual(all.files, [id, `${id}.json`])
      all.end(error)
      await jobs.settled()
      assert.deepEqual([jobs.job(id).state, all.files], [error ? 'failed' : 'done', []])
    }
  })

  it('goes on with what the server before was not done with, in order, with the profiles of then', async () => {
    const all = servers()
    const killed = all.next()
    const first = await killed.add('assets/one', ['480p'], film())
    const second = await killed.add('assets/two', ['720p', '240p'], film())
    const next = all.next()
    await next.resume()
    all.end()
    await next.settled()
    const begun = all.orders.map(({ id, name, profiles }) => [id, name, ...profiles])
    const one = [first.id, 'assets/one', '480p']
    assert.deepEqual(begun, [one, one, [second.id, 'assets/two', '720p', '240p']])
    assert.deepEqual(
      next.jobs.map(({ state, attempt }) => [state, attempt]),
      [
        ['done', 2],
        ['done', 1],
      ],
    )
    assert.deepEqual(all.files, [])
  })

  it('gives up a file with which three servers have ended; a stop in order does not count', async () => {
    const all = servers()
    const { id } = await all.next().add('assets/bomb', ['480p'], film())
    const stopped = all.next()
    await stopped.resume()
    await all.begun(2)
    stopped.stop()
    all.end(new Error('the worker is gone'))
    await stopped.settled()
    assert.deepEqual([stopped.job(id).state, all.files], ['waiting', [id, `${id}.json`]])
    for (const attempt of [2, 3]) {
      const jobs = all.next()
      await jobs.resume()
      await all.begun(attempt + 1)
      assert.equal(jobs.job(id).attempt, attempt)
    }
    const last = all.next()
    await last.resume()
    assert.deepEqual([last.job(id).state, all.files], ['failed', []])
    assert.match(last.job(id).problem ?? '', /has ended 3 times/)
  })

  it('an upload that is cut off leaves nothing', async () => {
    const all = servers()
    const broken = new Readable({
      read() {
        this.push('half a film')
        this.destroy(new Error('gone'))
      },
    })
    await assert.rejects(all.next().add('assets/half', ['480p'], broken), /cut off/)
    assert.deepEqual(all.files, [])
    const next = all.next()
    await next.resume()
    assert.deepEqual(next.jobs, [])
  })
})
