import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type GovernedLadder, type GovernedProcess, LoadGovernor, SHED, type ShedLevel } from './load-governor.ts'

/** Two sources with three rungs each, whose cost falls as they are shed. */
class Machine {
  readonly governor: LoadGovernor
  readonly levels = new Map<string, ShedLevel>()
  readonly decisions: string[] = []
  coresPerRung: number
  /** That an import uses while it is not held. */
  importCores = 0
  /** Seconds that it was not held. */
  importSeconds = 0
  #importMs = 0
  #nowMs = 0
  #cpuMs = new Map([
    ['live/a', 0],
    ['live/b', 0],
  ])

  constructor(budgetCores: number, coresPerRung: number) {
    this.governor = new LoadGovernor(budgetCores)
    this.coresPerRung = coresPerRung
  }
  run(seconds: number): string[] {
    for (let i = 0; i < seconds; i++) {
      this.#nowMs += 1000
      const decision = this.governor.observe(this.#nowMs, this.#ladders(), this.#processes())
      if (!decision) continue
      this.levels.set(`${decision.source} ${decision.rung}`, decision.level)
      this.decisions.push(`${decision.source}/${decision.rung} ${decision.level}`)
    }
    return this.decisions.splice(0)
  }
  #processes(): GovernedProcess[] {
    if (this.governor.heldBecause === undefined) {
      this.#importMs += this.importCores * 1000
      this.importSeconds++
    }
    return [{ purpose: 'assets', pid: 9, cpuMs: this.#importMs, isOffline: true }]
  }
  #ladders(): GovernedLadder[] {
    return [...this.#cpuMs].map(([source, cpuMs]) => {
      const rungs = ['720p', '480p', 'audio'].map((name, rank) => {
        const level = this.levels.get(`${source} ${name}`) ?? SHED.nothing
        return { name, rank, isEncoded: name !== 'audio', level }
      })
      const share = { [SHED.nothing]: 1, [SHED.half]: 0.5, [SHED.all]: 0 }
      const cores = rungs.reduce(
        (sum, { level, isEncoded }) => sum + (isEncoded ? share[level] * this.coresPerRung : 0),
        0,
      )
      const total = cpuMs + cores * 1000
      this.#cpuMs.set(source, total)
      return { source, pid: 1, cpuMs: total, rungs }
    })
  }
}

test('within the budget nothing is shed', () => {
  assert.deepEqual(new Machine(2, 0.45).run(60), [])
})

test('the last rungs lose half of their frames, then all, one step at a time, until it fits', () => {
  const machine = new Machine(1, 0.5)
  assert.deepEqual(machine.run(60), ['live/a/480p 1', 'live/a/480p 2', 'live/b/480p 1', 'live/b/480p 2'])
  assert.ok(machine.governor.usedCores <= 1)
})

test('a spike does not count', () => {
  const machine = new Machine(1, 0.2)
  machine.run(5)
  machine.coresPerRung = 2
  assert.deepEqual(machine.run(2), [])
  machine.coresPerRung = 0.2
  assert.deepEqual(machine.run(5), [])
})

test('when there is room again it is given back in the opposite order', () => {
  const machine = new Machine(1, 0.5)
  machine.run(60)
  machine.coresPerRung = 0.1
  assert.deepEqual(machine.run(60), ['live/b/480p 1', 'live/b/480p 0', 'live/a/480p 1', 'live/a/480p 0'])
})

test('where nothing is left to shed but sound, it stays', () => {
  const machine = new Machine(0.01, 0.5)
  machine.run(120)
  assert.deepEqual(
    [...machine.levels.keys()].filter((key) => key.endsWith('audio')),
    [],
  )
  assert.deepEqual(new Set(machine.levels.values()), new Set([SHED.all]))
})

test('an import has what live work leaves of the budget, and no rung is shed for it', () => {
  const machine = new Machine(2, 0.4)
  machine.importCores = 2
  machine.run(10)
  machine.importSeconds = 0
  assert.deepEqual(machine.run(200), [])
  // Four rungs use 1.6 cores: 0.4 are left, a fifth of what it wants.
  assert.ok(Math.abs(machine.importSeconds / 200 - 0.2) < 0.03, `${machine.importSeconds} of 200 s`)
  const used = machine.governor.usedBy.ladders ?? 0
  assert.ok(Math.abs(used - 1.6) < 0.01, `${used}`)
})

test('an import alone has the budget, and one that fits is never held', () => {
  const machine = new Machine(1.5, 0)
  machine.importCores = 2
  machine.run(300)
  assert.ok(Math.abs(machine.importSeconds / 300 - 0.75) < 0.03, `${machine.importSeconds} of 300 s`)
  const other = new Machine(2, 0.2)
  other.importCores = 1.1
  other.run(300)
  assert.equal(other.importSeconds, 300)
})

test('where live work alone is too much the import is held before a rung is shed, until it is given back', () => {
  const machine = new Machine(1, 0.5)
  machine.importCores = 1
  assert.deepEqual(machine.run(2), [])
  assert.equal(machine.governor.heldBecause, 'live work leaves 0.0 cores of 1 (transcode.cpuCores)')
  assert.ok(machine.run(60).length > 0)
  machine.importSeconds = 0
  machine.run(60)
  assert.equal(machine.importSeconds, 0, 'the rungs that are left use the whole budget')
  machine.coresPerRung = 0.1
  machine.run(10)
  assert.equal(machine.governor.heldBecause, undefined)
})
