import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Gates } from './gates.ts'

const FAR_MS = Number.MAX_SAFE_INTEGER
const never = new AbortController().signal

describe('gates', () => {
  it('let through all who wait for what has come, and no others', async () => {
    const gates = new Gates()
    const open = new Set<string>()
    let asked = 0
    const has = (key: string) => () => {
      asked++
      return open.has(key)
    }
    const passed: string[] = []
    for (const key of ['a', 'b'])
      for (let each = 0; each < 100; each++)
        gates.join({ key, isOpen: has(key) }, { pass: (isOpen) => passed.push(`${key} ${isOpen}`), deadlineMs: FAR_MS })
    open.add('b')
    gates.check()
    assert.deepEqual(passed, Array(100).fill('b true'))
    assert.equal(asked, 2, 'one question for a hundred who wait')
    assert.equal(gates.waitingCount, 100)
    gates.closeAll()
    assert.deepEqual(passed.slice(100), Array(100).fill('a false'))
    assert.equal(gates.waitingCount, 0)
  })

  it('let others have their turn while many pass; who left meanwhile is not told', async () => {
    const gates = new Gates()
    let [passed, told] = [0, 0]
    const pass = () => {
      passed++
      const untilMs = performance.now() + 3
      while (performance.now() < untilMs);
    }
    for (let each = 0; each < 50; each++)
      gates.join({ key: 'a', isOpen: () => passed >= 0 }, { pass, deadlineMs: FAR_MS })
    const leave = gates.join({ key: 'a', isOpen: () => true }, { pass: () => told++, deadlineMs: FAR_MS })
    gates.check()
    assert.ok(passed < 50, `${passed} in one go`)
    leave()
    let turns = 0
    while (gates.waitingCount > 0) {
      await new Promise(setImmediate)
      turns++
    }
    assert.deepEqual([passed, told], [50, 0])
    assert.ok(turns > 1)
  })

  it('end a wait whose time is up, whose client has gone, or whose gate opens', async () => {
    const gates = new Gates()
    const client = new AbortController()
    let isOpen = false
    const late = gates.wait({ key: 'late', isOpen: () => false }, 0, never)
    const left = gates.wait({ key: 'left', isOpen: () => false }, FAR_MS, client.signal)
    const there = gates.wait({ key: 'there', isOpen: () => isOpen }, FAR_MS, never)
    client.abort()
    isOpen = true
    gates.check()
    assert.deepEqual(await Promise.all([late, left, there]), [false, false, true])
    assert.equal(gates.waitingCount, 0)
    assert.equal(await gates.wait({ key: 'there', isOpen: () => isOpen }, FAR_MS, never), true)
  })
})
