#!/usr/bin/env node
/**
 * What an API pays to verify a token with the SDK, and how much of it is the look-up among the revocations.
 *
 *   npm run build && node bench/sdk.mjs [--seconds 3]
 */
import { parseArgs } from 'node:util'
import { protect } from '../dist/resource-server/index.js'
import { readFeed } from '../dist/resource-server/revocations/feed.js'
import { createRevocationList } from '../dist/resource-server/revocations/list.js'
import { nameOf } from '../dist/resource-server/revocations/names.js'
import { mockIssuer } from '../dist/resource-server/testing/index.js'
import { cpuPerAct } from './signature.mjs'

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '3' } } })
const seconds = Number(values.seconds)

const issuer = await mockIssuer()
const guard = protect({ issuer: issuer.issuer, audience: issuer.audience, revocations: 'off' })
const token = await issuer.issue()
const whole = (await cpuPerAct(() => guard.verify(token, 'read'), { atOnce: 1, seconds })) * 1000
const verified = await guard.verify(token)
const { kid } = issuer.keys.tokens
await issuer.close()

const instant = Math.floor(Date.now() / 1000)
const kinds = ['family', 'session', 'user', 'client', 'token']

/** So many entries, of all kinds, none of which concerns the tokens. */
const listOf = (entries) => {
  const list = createRevocationList(() => Date.now() / 1000, 5)
  const claims = { iss: 'i', iat: instant, epoch: 'e', seq: entries, after: 0, max_age: 30 }
  const value = (kind) => (kind === 'user' || kind === 'client' ? [instant + 3600, instant] : instant + 3600)
  for (const kind of kinds) {
    const names = Array.from({ length: entries / kinds.length }, (_, n) => [nameOf(kind, `other ${n}`), value(kind)])
    claims[kind] = Object.fromEntries(names)
  }
  list.apply(readFeed(claims, { issuer: 'i', clockTolerance: 5, seconds: () => Date.now() / 1000 }))
  return list
}

/** Microseconds of CPU for one look-up, for tokens that come again and again, and for ones that never came before. */
const lookUp = (list, tokens) => {
  const rounds = Math.ceil((200_000 * seconds) / tokens.length)
  const run = () => {
    for (const one of tokens) if (list.find(one, kid) !== undefined) throw new Error('a good token was found')
  }
  run()
  const before = process.cpuUsage()
  for (let round = 0; round < rounds; round++) run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / (rounds * tokens.length)
}

const tokens = (count) =>
  Array.from({ length: count }, (_, n) => ({ ...verified, sub: `user ${n}`, sid: `session ${n}`, jti: `family${n}.1` }))
const known = tokens(1_000)
/** More than the names that are remembered: every look-up hashes. */
const strange = tokens(50_000)

process.stdout.write(`one verification: ${whole.toFixed(0)} µs CPU, ${Math.round(1e6 / whole)} per second and core\n`)
process.stdout.write('active revocations   look-up, tokens in use        look-up, each token for the first time\n')
for (const entries of [0, 1_000, 100_000]) {
  const list = listOf(entries)
  const cell = (cost) => `${cost.toFixed(2)} µs ${((100 * cost) / whole).toFixed(2)} %`.padEnd(30)
  process.stdout.write(`${String(entries).padEnd(21)}${cell(lookUp(list, known))}${cell(lookUp(list, strange))}\n`)
}
