import t, { type Test } from 'tap'
import { createKeySet } from '../../src/resource-server/key-set.ts'
import { createMetadata } from '../../src/resource-server/metadata.ts'
import { type ProtectOptions, readOptions } from '../../src/resource-server/options.ts'
import { createFollower, type Wait } from '../../src/resource-server/revocations/follower.ts'
import { createRevocationList } from '../../src/resource-server/revocations/list.ts'
import { createSource } from '../../src/resource-server/revocations/source.ts'
import { type MockIssuerOptions, mockIssuer } from '../../src/resource-server/testing/index.ts'
import { createTroubles } from '../../src/resource-server/trouble.ts'
import { aClock } from '../support/clock.ts'
import { until } from '../support/until.ts'

const stream = '/oauth2/revocations/stream'
const list = '/oauth2/revocations'

/** Follows a real issuer; between two attempts it waits until the test says that the time has passed. */
const aFollower = async (t: Test, mock: MockIssuerOptions = {}, more: Partial<ProtectOptions> = {}) => {
  const clock = aClock()
  const issuer = await mockIssuer({ now: clock.now, ...mock })
  const troubles: string[] = []
  const settings = readOptions({
    issuer: issuer.issuer,
    audience: issuer.audience,
    now: clock.now,
    chance: () => 1,
    timeout: 60_000,
    onTrouble: ({ reason }) => void troubles.push(reason),
    ...more,
  })
  const pauses: { readonly milliseconds: number; readonly end: () => void }[] = []
  const wait: Wait = (milliseconds) => new Promise((end) => void pauses.push({ milliseconds, end }))
  const metadata = createMetadata(settings)
  const held = createRevocationList(settings.seconds, settings.clockTolerance)
  const source = createSource(settings, metadata, createKeySet(settings, metadata))
  const follower = createFollower(settings, source, held, wait)
  t.teardown(async () => {
    follower.close()
    await issuer.close()
  })
  const asked = (path: string) => issuer.requests.filter((one) => one === path).length
  const isPausing = () => until(() => pauses.length > 0, 'a pause')
  /** Milliseconds that are waited before the next attempt, which then begins. */
  const pause = async (): Promise<number> => {
    await isPausing()
    const { milliseconds, end } = pauses.shift() ?? { milliseconds: Number.NaN, end() {} }
    clock.advance({ seconds: milliseconds / 1000 })
    end()
    return milliseconds
  }
  const pausesOf = async (attempts: number): Promise<readonly number[]> => {
    const taken: number[] = []
    while (taken.length < attempts) taken.push(await pause())
    return taken
  }
  const isFollowing = async (): Promise<void> => {
    follower.start()
    await until(() => asked(stream) === 1, 'the stream')
    await issuer.revoke({ family: 'first' })
    await until(() => held.held()?.seq === 1, 'a list over the stream')
  }
  return { issuer, follower, held, asked, isPausing, pausesOf, isFollowing, troubles }
}

t.test('in a short outage no pause is longer than a second', async (t) => {
  const { issuer, isPausing, pausesOf, isFollowing, held } = await aFollower(t)
  await isFollowing()
  issuer.answer(stream, { status: 503 })
  issuer.answer(list, { status: 503 })
  issuer.cutStreams()
  const pauses = await pausesOf(30)
  t.same(pauses.slice(0, 4), [250, 500, 1000, 1000])
  t.equal(Math.max(...pauses), 1000)

  await isPausing()
  issuer.answer(stream, undefined)
  await issuer.revoke({ family: 'second' })
  t.same(await pausesOf(1), [1000])
  await until(() => held.held()?.seq === 2, 'what was revoked meanwhile')
})

t.test('a poll that succeeds while the stream does not come puts the stream off by a second at most', async (t) => {
  const { issuer, pausesOf, isFollowing, asked, held } = await aFollower(t)
  await isFollowing()
  issuer.answer(stream, { status: 503 })
  issuer.cutStreams()
  await issuer.revoke({ family: 'second' })
  t.same(await pausesOf(5), [250, 500, 1000, 1000, 1000])
  await until(() => held.held()?.seq === 2)
  await until(() => asked(stream) === 6)
})

t.test('the longer an outage, the longer the pauses, to a third of the maximum age', async (t) => {
  for (const polls of [true, false]) {
    const { issuer, pausesOf, isFollowing } = await aFollower(t)
    await isFollowing()
    issuer.answer(stream, { status: 503 })
    if (!polls) issuer.answer(list, { status: 503 })
    issuer.cutStreams()
    const pauses = await pausesOf(110)
    t.same(
      pauses.toSorted((a, b) => a - b),
      pauses,
    )
    t.equal(pauses.at(-1), 10_000)
    let lasted = 0
    for (const pause of pauses) {
      if (pause > Math.max(1000, lasted / 30 + 1)) t.fail(`${pause} ms after ${lasted} ms`)
      lasted += pause
    }
  }
})

t.test('chance halves a pause at most, so that many guards do not come back together', async (t) => {
  const { issuer, pausesOf, isFollowing } = await aFollower(t, {}, { chance: () => 0 })
  await isFollowing()
  issuer.answer(stream, { status: 503 })
  issuer.cutStreams()
  t.same(await pausesOf(4), [125, 250, 500, 500])
})

t.test('an issuer without a stream is asked at a third of the maximum age, and soon after a failure', async (t) => {
  const { issuer, follower, pausesOf, asked } = await aFollower(t, { revocations: 'poll' })
  follower.start()
  t.same(await pausesOf(3), [10_000, 10_000, 10_000])
  await until(() => asked(list) === 4)
  issuer.answer(list, { status: 503 })
  t.same(await pausesOf(4), [10_000, 500, 1000, 1000])
})

t.test('each reason is said once in an outage, and again in the next', async (t) => {
  const { issuer, isPausing, pausesOf, isFollowing, held, troubles } = await aFollower(t)
  await isFollowing()
  const outage = async (): Promise<void> => {
    issuer.answer(stream, { status: 503 })
    issuer.answer(list, { status: 502 })
    issuer.cutStreams()
    await pausesOf(10)
    issuer.answer(list, { status: 504 })
    await pausesOf(10)
    await isPausing()
  }
  const reasons = [
    'following broke off: aborted',
    `${issuer.issuer}${stream} answered 503`,
    `${issuer.issuer}${list} answered 502`,
    `${issuer.issuer}${list} answered 504`,
  ]
  await outage()
  t.same(troubles, reasons)

  issuer.answer(list, undefined)
  await pausesOf(5)
  await isPausing()
  t.same(troubles, reasons, 'the list comes again, the stream is away as before')

  issuer.answer(stream, undefined)
  await issuer.revoke({ family: 'second' })
  await pausesOf(1)
  await until(() => held.held()?.seq === 2)
  troubles.length = 0
  await outage()
  t.same(troubles, reasons)
})

t.test('what is remembered of an outage is bounded, and what remains of a wait is no other reason', (t) => {
  const said: string[] = []
  const troubles = createTroubles('revocations', { onTrouble: ({ reason }) => void said.push(reason) })
  for (const seconds of [30, 29, 3]) troubles.say(`it is read again in ${seconds} s at the earliest`)
  t.same(said, ['it is read again in 30 s at the earliest'])
  for (let made = 0; made < 1000; made++) troubles.say(`a reason of ${made} words`)
  t.equal(said.length, 20)
  troubles.over()
  troubles.say('it is read again in 12 s at the earliest')
  t.equal(said.length, 21)
  t.end()
})

t.test('a callback that throws ends neither the following nor the process', async (t) => {
  const warnings: string[] = []
  const onWarning = ({ message }: Error) => void warnings.push(message)
  process.on('warning', onWarning)
  t.teardown(() => process.off('warning', onWarning))
  const callbacks: readonly ((trouble: { reason: string }) => void)[] = [
    () => {
      throw new Error('the log is full')
    },
    async () => {
      throw new Error('the log is full')
    },
  ]
  for (const onTrouble of callbacks) {
    warnings.length = 0
    const { issuer, isPausing, pausesOf, isFollowing, held } = await aFollower(t, {}, { onTrouble })
    await isFollowing()
    issuer.answer(stream, { status: 503 })
    issuer.answer(list, { status: 503 })
    issuer.cutStreams()
    await pausesOf(3)
    await isPausing()
    issuer.answer(stream, undefined)
    await issuer.revoke({ family: 'second' })
    await pausesOf(1)
    await until(() => held.held()?.seq === 2)
    await until(() => warnings.some((warning) => /onTrouble: the log is full/.test(warning)))
  }
})
