import { readFileSync } from 'node:fs'
import t from 'tap'
import { keepHouse } from '../src/housekeeping.ts'

const aSignal = () => {
  let resolve = () => {}
  let reject = (_error: Error) => {}
  const promise = new Promise<void>((...settle) => {
    ;[resolve, reject] = settle
  })
  return { promise, resolve, reject }
}

/** Rounds that end when the test says so; `begun` is fulfilled when the next one begins. */
const someRounds = () => {
  let begin = aSignal()
  let end = aSignal()
  const rounds = {
    count: 0,
    begun: () => begin.promise,
    end: (error?: Error) => {
      const ended = end
      begin = aSignal()
      end = aSignal()
      error ? ended.reject(error) : ended.resolve()
    },
    round: () => {
      rounds.count++
      begin.resolve()
      return end.promise
    },
  }
  return rounds
}
const silent = { warn: () => {} }

t.test('the stop waits for a round that is under way, and no other begins', async (t) => {
  const rounds = someRounds()
  const house = keepHouse({ round: rounds.round, log: silent, every: 1 })
  await rounds.begun()
  let closed = false
  const closing = house.close().then(() => {
    closed = true
  })
  await new Promise(setImmediate)
  t.notOk(closed, 'the database is still needed')
  rounds.end()
  await closing
  t.equal(rounds.count, 1)
  await house.close()
  t.equal(rounds.count, 1, 'and it may be asked twice')
})

t.test('rounds follow one another, never two at once, and one that fails ends nothing', async (t) => {
  const rounds = someRounds()
  const warnings: object[] = []
  const house = keepHouse({ round: rounds.round, log: { warn: (fields) => warnings.push(fields) }, every: 1 })
  await rounds.begun()
  // The timer fires meanwhile.
  for (let ticks = 0; ticks < 5; ticks++) await new Promise((resolve) => setTimeout(resolve, 1))
  t.equal(rounds.count, 1)
  const failure = new Error('no database')
  rounds.end(failure)
  await rounds.begun()
  t.same(warnings, [{ err: failure }])
  t.equal(rounds.count, 2, 'the next round came')
  rounds.end()
  await house.close()
})

t.test('a round that throws before it waits is a failed one as well', async (t) => {
  const thrice = aSignal()
  let warnings = 0
  const warn = () => {
    if (++warnings === 3) thrice.resolve()
  }
  const round = () => {
    throw new Error('at once')
  }
  const house = keepHouse({ round, log: { warn }, every: 1 })
  await thrice.promise
  await house.close()
  t.ok(warnings >= 3, 'and the next one comes')
})

t.test('the process listens before it keeps house, and closes its house before the database', async (t) => {
  const main = readFileSync('src/main.ts', 'utf8')
  const order = (...parts: readonly string[]) => parts.map((part) => main.indexOf(part))
  const [listen = -1, house = -1] = order('app.listen(', 'keepHouse({')
  t.ok(listen > 0 && listen < house)
  const closing = main.slice(main.indexOf('closing: ['))
  const [app = -1, housekeeping = -1, database = -1] = ['app,', 'housekeeping,', 'database,'].map((part) =>
    closing.indexOf(part),
  )
  t.ok(app > 0 && app < housekeeping && housekeeping < database)
})
